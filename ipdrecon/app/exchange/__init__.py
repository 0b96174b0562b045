"""Files of other programs: coordinates and numbers at risk come in, patients go out."""
