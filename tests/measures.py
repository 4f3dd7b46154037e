"""The measures of built-in metrics, for tests that construct results without a study."""

from __future__ import annotations

from regnet.builtin.metrics.error_rate import ErrorRate
from regnet.builtin.metrics.r2 import R2
from regnet.builtin.metrics.rmse import RMSE
from regnet.stats.measure import LOSS
from regnet.study.study import measure_of

ERROR_RATE, R_SQUARED = measure_of(ErrorRate()), measure_of(R2())
MEASURES = {"loss": LOSS, "error_rate": ERROR_RATE, "rmse": measure_of(RMSE()), "r2": R_SQUARED}
