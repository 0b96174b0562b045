"""Risk-of-bias judgements of a review's file by the domains of the tool they belong to.

Domains of RoB 1 (Higgins et al. 2011, BMJ 343:d5928) are the columns D1 to D7, those of RoB 2 (Sterne et al. 2019, BMJ
366:l4898) D1 to D5 and `overall`; domains of reviewers' own keep their names.

Examples
--------
>>> bias_columns({"Allocation concealment (selection bias)": "Low risk", "Funding": "High risk"})
{'D1': '', 'D2': 'Low risk', 'D3': '', 'D4': '', 'D5': '', 'D6': '', 'D7': '', 'rob: Funding': 'High risk'}
"""

ROB_1 = (
    ("random sequence generation", "adequate sequence generation"), ("allocation concealment", "allocation concealed"),
    ("blinding of participants", "blinding (performance"), ("blinding of outcome", "blinding (detection"),
    ("incomplete outcome data",), ("selective reporting", "selective outcome reporting", "free of selective reporting"), ("other bias", "other sources of bias", "free of other bias"),
)
ROB_2 = (
    ("randomisation process", "randomization process"), ("deviations from",), ("missing outcome data",), ("measurement of the outcome",), ("selection of the reported result",),
)
OVERALL = ("overall bias", "overall risk of bias", "overall")


def bias_columns(judgements):
    """Name the judgements of one study by their tool's domains.

    Parameters
    ----------
    judgements : dict of str to str
        By the name of the domain as the file prints it.

    Returns
    -------
    dict of str to str
        ``D1``, ``D2``, ... of the tool whose domains are found, empty where not judged; ``overall``; and ``rob: NAME``.
    """
    found = {name: _place(name) for name in judgements}
    tools = {place[0] for place in found.values() if place is not None and place[0] != "overall"}
    if len(tools) > 1:
        return {f"rob: {name}": judgement for name, judgement in judgements.items()}
    columns = {f"D{number}": "" for tool in tools for number in range(1, (len(ROB_1) if tool == "rob1" else len(ROB_2)) + 1)}
    for name, judgement in judgements.items():
        place = found[name]
        column = f"rob: {name}" if place is None else "overall" if place[0] == "overall" else f"D{place[1]}"
        columns[f"rob: {name}" if columns.get(column) else column] = judgement
    return columns


def is_bias_column(name):
    """Whether a column holds judgements, as `bias_columns` names them."""
    return name == "overall" or name.startswith("rob: ") or name[:1] == "D" and name[1:].isdigit()


def _place(name):
    """Give tool and number of a domain, None for one of the reviewers' own."""
    text = name.casefold().removeprefix("bias arising from the ").removeprefix("bias due to ").removeprefix("bias in ")
    if text in OVERALL:
        return "overall", 0
    for tool, domains in (("rob1", ROB_1), ("rob2", ROB_2)):
        for number, beginnings in enumerate(domains, 1):
            if text.startswith(beginnings):
                return tool, number
    return None
