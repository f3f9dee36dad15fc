# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many callers on one guest at once: they take turns, and each gets its own answer."""

from concurrent.futures import ThreadPoolExecutor

from guestlib.errors import check

QUESTIONS = [("probe", "network"), ("probe", "system"), ("probe", "ssh"),
             ("services", "--units", "nginx"), ("services", "--units", "no-such"),
             ("journal", "--lines", "5")] * 2


def run(context):
    """A dozen processes."""
    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        answers = list(pool.map(lambda words: context.ask(*words, deadline=50), QUESTIONS))
    ways = set()
    for words, answer in zip(QUESTIONS, answers):
        name = words[1] if words[0] == "probe" else words[0]
        check(answer.report is not None, f"{' '.join(words)}: {answer.error}")
        check(answer.report["probe"] == name, f"{name} was answered by {answer.report['probe']}")
        # Whoever waits long for the channel's turn is answered by the agent.
        ways.add(answer.via)
        if "no-such" in words:
            check(answer.status == "critical", "another's answer was given for no-such")
        if "nginx" in words:
            check(answer.status == "ok", "another's answer was given for nginx")
    check("channel" in ways, f"nobody was answered by the channel, but: {ways}")
