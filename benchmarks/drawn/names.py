"""Names of arms as figures print them."""

FAMILIES = (
    ("Placebo", "Drug A", "Drug B", "Drug C", "Drug D", "Drug E", "Drug F"),
    ("Control", "Low dose", "Medium dose", "High dose"),
    ("sex=1", "sex=2"),
    ("rx=Obs", "rx=Lev", "rx=Lev+5FU"),
    ("stage=I", "stage=II", "stage=III", "stage=IV"),
    ("Male", "Female"),
    ("A", "B", "C", "D", "E"),
    ("0", "1", "2", "3"),
    ("1", "2", "3", "4"),
    ("x <= 6", "6 < x <= 12", "x > 12"),
    ("Sorafenib", "Lenvatinib", "Atezolizumab + bevacizumab", "Best supportive care"),
    ("Nivolumab plus ipilimumab", "Nivolumab", "Ipilimumab"),
    ("HBV", "HCV", "Non-viral", "Alcohol"),
    ("BRCA+", "BRCA-"),
    ("NTRK-", "NTRK+"),
    ("ECOG 0", "ECOG 1", "ECOG 2"),
    ("Low risk", "Intermediate risk", "High risk"),
    ("Grade I", "Grade II", "Grade III"),
    ("Oral semaglutide, baseline SGLT2i", "Placebo, no baseline SGLT2i"),
    ("TACE/RFA", "Resection", "Transplantation"),
    ("Treated", "Untreated"),
    ("No", "Yes"),
    ("<65 years", "65-74 years", ">=75 years"),
    ("1992-2004", "2005-2009"),
    ("ARM A", "ARM B", "ARM C"),
    ("squamous", "smallcell", "adeno", "large"),
    (
        "Male, Asymptomatic",
        "Male, Symptomatic",
        "Female, Asymptomatic",
        "Female, Symptomatic",
        "Male, In bed",
        "Female, In bed",
        "Unknown",
    ),
)
STRIPS = (
    ("Surgery", "No surgery"),
    ("Stage I", "Stage II", "Stage III", "Stage IV"),
    ("Limited", "Extended"),
    ("T1", "T2", "T3"),
)


def choose_names(rng, count):
    """A family of names that has enough of them, now and then with the sizes of the arms to come."""
    families = [family for family in FAMILIES if len(family) >= count]
    return tuple(families[rng.integers(len(families))][:count])
