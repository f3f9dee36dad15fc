// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/picture.h"

/* The first screen of a guest that has a video device. Blocks, for good where QEMU hangs: only
 * inside of tasks. NULL with an error where libvirt has none, or what it has is no picture. */
PstPicture *pst_screenshot_take(const PstGuest *guest, GError **error);
