"""The pack of a meeting: one workbook for HRBPs, one for each participant, one page on its readiness."""
