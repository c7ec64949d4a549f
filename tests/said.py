"""What a test has measured or counted, told in the summary of the run, also when the test passes."""

MARK = "» "


def say(*lines: str) -> None:
    """Tell these lines in the summary."""
    print("", *(f"{MARK}{line}" for line in lines), sep="\n")


def said_in(output: str) -> list[str]:
    """The lines that a test with this output has told."""
    return [line for line in output.splitlines() if line.startswith(MARK)]
