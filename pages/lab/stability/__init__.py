"""The lab of stability: where NaN comes from."""
