"""Tables of metrics besides the headline."""

from __future__ import annotations

import numpy as np

from regnet.report.tables.metrics import metric_tables
from tests.conftest import RunStudy

CLASSIFIED = ("dataset=disc", "loss=cross_entropy", "model.output=null", "epochs=2", "seeds=2")


def test_no_table_without_other_metrics(run: RunStudy) -> None:
    assert metric_tables([run(*CLASSIFIED)], ["a"]) == []


def test_other_numbers_have_a_column_each(run: RunStudy) -> None:
    result = run(*CLASSIFIED, "metrics=[accuracy,f1,auroc]")
    (table,) = metric_tables([result], ["a"])
    assert table.headings[1:] == ("test F1", "test AUROC")
    assert table.rows[0][0] == "a"
    assert all("±" in cell for cell in table.rows[0][1:])


def test_classes_have_a_row_each_and_matrices_a_table(run: RunStudy) -> None:
    result = run(*CLASSIFIED, "seeds=1", "metrics=[accuracy,class_recall,confusion_matrix,class_precision]")
    classes, matrix = metric_tables([result], ["a"])
    assert classes.headings == ("class", "recall of each class", "precision of each class")
    assert [row[0] for row in classes.rows] == ["0", "1"]
    assert matrix.headings == ("true class \\ answer", "0", "1")
    counts = np.array([[float(cell) for cell in row[1:]] for row in matrix.rows])
    assert counts.sum() == 1000
    hits = counts.diagonal()
    shown = np.array([[float(cell) for cell in row[1:]] for row in classes.rows])
    np.testing.assert_allclose(shown[:, 0], hits / counts.sum(1), rtol=1e-3)
    np.testing.assert_allclose(shown[:, 1], hits / counts.sum(0), rtol=1e-3)
    assert hits.sum() / 1000 == result.history["test/accuracy"][0, -1]


def test_studies_with_different_metrics(run: RunStudy) -> None:
    results = [run(*CLASSIFIED, "metrics=[accuracy,f1]"), run(*CLASSIFIED, "metrics=[accuracy,auroc]")]
    (table,) = metric_tables(results, ["a", "b"])
    assert [[cell == "–" for cell in row[1:]] for row in table.rows] == [[False, True], [True, False]]
