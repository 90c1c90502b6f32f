"""Aligned tables of the comparison with other programs: a table a case, and one of the targets."""

import targets

RATES_OF_TOKENS = ("encoder", "avx2", "ours")


def aligned(rows):
    """Lines of columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join([row[0].ljust(widths[0]),
                                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
                     .rstrip() for row in rows)


def short(number):
    """Three digits or more; nothing for what was not measured."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def is_ours(name):
    return name.startswith("ours")


def figures(cell, measured):
    """[(heading, {contender: text})] of a case, ratios apart."""
    found = cell["contenders"]
    amount, unit = ((cell["tokens"] / 1e3, "thousand tokens/s") if cell["part"] in RATES_OF_TOKENS
                    else (cell["documents"], "documents/s"))
    shares = {name: measured.share_of_peak(cell["part"], cell["case"], name)
              for name in found if is_ours(name)}
    columns = [(f"{unit}, clock", {n: f"{amount / f['clock']:,.1f}" for n, f in found.items()}),
               ("processor", {n: f"{amount / f['processor']:,.1f}" for n, f in found.items()}),
               ("of the peak", {n: f"{share:.0%}" for n, share in shares.items() if share})]
    for heading, figure, form, scale in (("start ms", "start", ".0f", 1e3),
                                         ("accuracy", "accuracy", ".4f", 1)):
        columns.append((heading, {n: f"{f[figure] * scale:{form}}" for n, f in found.items()
                                  if figure in f}))
    return [column for column in columns if column[1]]


def ratios(cell, measured):
    """[(heading, {contender: text})]: how many times as fast ours are, by the clock and, in
    brackets, by processor time; the fewer of ours and theirs are columns."""
    sides = [[name for name in cell["contenders"] if is_ours(name) == ours] for ours in (1, 0)]
    across, along = sorted(sides, key=len)
    columns = []
    for column in across:
        texts = {}
        for name in along:
            ours, theirs = (column, name) if is_ours(column) else (name, column)
            clock, processor = (measured.ratio(cell["part"], cell["case"], ours, (theirs,), figure)
                                for figure in ("clock", "processor"))
            texts[name] = f"{short(clock)} ({short(processor)})"
        columns.append((column, texts))
    return columns if all(sides) else []


def case_table(cell, measured):
    columns = figures(cell, measured) + ratios(cell, measured)
    rows = [["", *(heading for heading, _ in columns)]]
    rows += [[name, *(texts.get(name, "") for _, texts in columns)] for name in cell["contenders"]]
    settings = cell["settings"]
    return (f"{cell['part']} {cell['case']}, {settings['threads']} thread(s), best of "
            f"{settings['rounds']} rounds; ratios are ours over theirs by the clock (by processor "
            f"time)\n{aligned(rows)}")


def length_table(cells, heading, figure, scale):
    cells = sorted(cells, key=lambda cell: cell["tokens"])
    names = dict.fromkeys(name for cell in cells for name in cell["contenders"])
    rows = [[heading, *(f"{cell['tokens']:,}" for cell in cells)]]
    for name in names:
        found = [cell["contenders"].get(name, {}).get(figure) for cell in cells]
        rows.append([name, *(short(value if value is None else value * scale)
                             for value in found)])
    return aligned(rows)


def listed(values, form):
    """One value where all are alike."""
    texts = [form(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def targets_table(cells):
    """Of those that something was measured for; empty where there are none."""
    rows = [["", "case", "asked for", "reached", "met", "of the peak"]]
    percent = lambda value: "-" if value is None else f"{100 * value:.0f}%"
    for row in targets.rows(cells):
        form = percent if row["unit"] == "of the peak" else short
        unit = row["unit"] if row["unit"] in ("ms", "MB") else ""
        known = [met for met in row["met"] if met is not None]
        if not known:
            continue
        shares = listed(row["share_of_peak"], percent)
        rows.append([row["measure"], ", ".join(row["cases"]),
                     f"{listed(row['asked'], form)} {unit}".strip(),
                     ", ".join(map(form, row["reached"])),
                     f"{sum(known)} of {len(known)}",
                     "" if shares == "-" or row["unit"] == "of the peak" else shares])
    return aligned(rows) if rows[1:] else ""


def tables(cells):
    """All of one machine, the targets last."""
    measured = targets.Measured(cells)
    found = [case_table(cell, measured) for cell in cells
             if cell["part"] != "length" and "tokens" in cell]
    lengths = [cell for cell in cells if cell["part"] == "length"]
    if lengths:
        found += ["one document by its length, one thread\n" +
                  length_table(lengths, "milliseconds", "clock", 1e3),
                  length_table(lengths, "memory, MB", "bytes", 1e-6)]
    return "\n\n".join(filter(None, [*found, targets_table(cells)]))
