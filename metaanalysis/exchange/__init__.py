"""Files of other programs: reviews that come in, pooled results that go out."""
