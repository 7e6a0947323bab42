"""A program in place of `python -m training`: prints what that prints, as the file script.json in its folder says."""

import json
import os
import signal
import sys
import time
from pathlib import Path


def bar(step: int, steps: int, loss: str) -> None:
    """One frame of rich's bar, as it is drawn for a terminal."""
    done = "\x1b[38;2;249;38;114m" + "━" * step + "\x1b[0m"
    sys.stderr.write(f"\r\x1b[2Kpirate {done}╺━━━ \x1b[32m{step}/{steps}\x1b[0m loss {loss} 0:00:0{step} left -:--:--")
    sys.stderr.flush()


def main() -> int:
    command, persona, *options = sys.argv[1:]
    file = Path("script.json")
    script = json.loads(file.read_text()) if file.exists() else {}
    seen = {"argv": sys.argv[1:], "pid": os.getpid(), "token": "DISCORD_TOKEN" in os.environ}
    Path("seen.json").write_text(json.dumps({**seen, "color": os.environ["FORCE_COLOR"]}))
    if script.get("hangs"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        bar(1, 4, "2.0")
        bar(1, 4, "2.0")  # a frame is known to be whole when the next one begins
        time.sleep(600)
    if error := script.get("error"):
        print("Some warning of a library", file=sys.stderr)
        print(json.dumps({"error": error}), file=sys.stderr)
        return 1
    if command == "rollback":
        print(json.dumps({"persona": persona, "number": int(options[1])}))
        return 0
    if command == "settle":
        heard = {"persona": persona, "number": 2, "decision": "roll back", "reason": "it was liked less"}
        print(json.dumps({"canaries": [heard]}))
        return 0
    for step in range(1, 5):
        bar(step, 4, "…" if step == 1 else f"{2 / step:.3f}")
    accepted = script.get("accepted", True)
    reasons = ["held-out liked replies: better", "degenerate answers: none"]
    report = {"accepted": accepted, "reasons": reasons, "refusals": [] if accepted else reasons[:1]}
    print(json.dumps({"version": {"persona": persona, "number": 2}, "report": report}))
    return 0 if accepted else 3


if __name__ == "__main__":
    raise SystemExit(main())
