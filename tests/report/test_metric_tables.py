"""What studies measured beside their headline, as tables."""

from __future__ import annotations

from regnet.report.tables.metrics import metric_tables
from tests.conftest import RunStudy

CLASSIFIED = ("dataset=disc", "loss=cross_entropy", "model.output=null", "epochs=2", "seeds=2")


def test_nothing_else_is_no_table(run: RunStudy) -> None:
    assert metric_tables([run(*CLASSIFIED)], ["a"]) == []


def test_other_numbers_have_a_column_each(run: RunStudy) -> None:
    result = run(*CLASSIFIED, "metrics=[accuracy,f1,auroc]")
    (table,) = metric_tables([result], ["a"])
    assert table.headings[1:] == ("test F1", "test AUROC")
    assert table.rows[0][0] == "a"
    assert all("±" in cell for cell in table.rows[0][1:])


def test_classes_have_a_row_each_and_matrices_a_table(run: RunStudy) -> None:
    result = run(*CLASSIFIED, "metrics=[accuracy,class_recall,confusion_matrix,class_precision]")
    classes, matrix = metric_tables([result], ["a"])
    assert classes.headings == ("class", "recall of each class", "precision of each class")
    assert [row[0] for row in classes.rows] == ["0", "1"]
    assert matrix.headings == ("true class \\ answer", "0", "1")
    counts = [[float(cell) for cell in row[1:]] for row in matrix.rows]
    shares = [counts[true][true] / sum(counts[true]) for true in (0, 1)]
    found = [result.history[f"test/class_recall/{true}"][:, -1].mean() for true in (0, 1)]
    total = sum(map(sum, counts))
    assert total == 1000
    if result.final["test/confusion_matrix/0/0"].nunique() == 1:
        assert shares == found


def test_studies_that_measured_different_things(run: RunStudy) -> None:
    results = [run(*CLASSIFIED, "metrics=[accuracy,f1]"), run(*CLASSIFIED, "metrics=[accuracy,auroc]")]
    (table,) = metric_tables(results, ["a", "b"])
    assert [[cell == "–" for cell in row[1:]] for row in table.rows] == [[False, True], [True, False]]
