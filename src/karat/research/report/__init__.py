"""The self-contained HTML report of a backtest: `write_report`."""

from karat.research.report.write import check_report_path, report_of, write_report

__all__ = ["check_report_path", "report_of", "write_report"]
