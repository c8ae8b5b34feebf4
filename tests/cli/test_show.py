"""What long commands say of where they are."""

from glasshouse.cli.show import progress_bar, teller


def test_a_log_holds_the_first_and_the_last_count_of_each_work(capsys):
    with progress_bar(hidden=False) as progress:
        tell = teller(progress)
        for done in range(1001):
            tell("growing [organisms]", done, 1000)
        tell("growing [organisms]", 1000, 1000)
        tell("asking", 3, 7)
    lines = [line.split("  ")[1:] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        ["growing [organisms]", "0 of 1,000"],
        ["growing [organisms]", "1,000 of 1,000"],
        ["asking", "3 of 7"],
    ]


def test_work_of_a_name_that_was_over_and_begins_anew_is_shown_again(capsys):
    with progress_bar(hidden=False) as progress:
        tell = teller(progress)
        for done, total in ((0, 2), (1, 2), (2, 2), (2, 2), (0, 3), (1, 3), (3, 3)):
            tell("train", done, total)
    lines = [line.split("  ")[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["0 of 2", "2 of 2", "0 of 3", "3 of 3"]


def test_a_command_that_prints_json_shows_nothing(capsys):
    with progress_bar(hidden=True) as progress:
        teller(progress)("asking", 3, 7)
    assert capsys.readouterr().err == ""
