"""Stand-in for the modules of Python that dbt gives to macros."""

import datetime

__all__ = ["datetime"]
