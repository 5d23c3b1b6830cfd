"""Prints the matrix as a Markdown table, with numbered reasons below it."""

from .cells import COLUMNS


def text(rows, results):
    """The table of all results: every row and column has one."""
    by_cell = {(result.row.name, result.column): result for result in results}
    reasons = []
    lines = [["client", *(column.title for column in COLUMNS)]]
    for row in rows:
        lines.append([row.name, *(_cell(by_cell[row.name, column], reasons) for column in COLUMNS)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    printed = [_line(line, widths) for line in lines]
    printed.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*printed, "", *(f"[{number}] {reason}  " for number, reason in enumerate(reasons, 1))])


def _cell(result, reasons):
    if result.state != "n/a":
        return result.state
    if result.text not in reasons:
        reasons.append(result.text)
    return f"n/a [{reasons.index(result.text) + 1}]"


def _line(cells, widths):
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
