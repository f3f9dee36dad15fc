// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Public keys that were made for the tests; their private halves are gone. */

#define BLOB_ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIH/OZ6q5L8V9Ya75/JW/AMtQgED11wR0bWsXZ+cKQqx5"
#define KEY_ED25519 "ssh-ed25519 " BLOB_ED25519
#define FINGERPRINT_ED25519 "SHA256:m7HmnWxgrT6iWUC/QQeLzv9O+swOSa5I7eDHShN+KzA"
#define KEY_ECDSA                                                                                  \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPdA/HuTpthCgORm"     \
    "bakInEx4KxmCtkQsqCdoJ3g6lzltiYktaHgdOEdTz7dKm/6Xt0BJ3Ut0koo3e4BYsq74F24="
#define KEY_RSA                                                                                    \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDdKCj6LbBr6wCWV4cnoj8voQt64jgcBqPOv41z5ED+/Cujb2Y6"     \
    "mNP8fVkvs18WAmvgGp05lAQjJ9QJIkdBS7+0S2F8XoONKV9CrGo34gWv6aMszDzuKjIXLevL/OUz9hW623Euw444"     \
    "dxAoNsJ0MWXekh2cC/fntEz4pGsuOP7kuw=="
