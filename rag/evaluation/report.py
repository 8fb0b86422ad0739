"""report.html: one self-contained Chinese page with charts and every failing question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from rag.evaluation.charts import bars_by_type, latency_histogram
from rag.evaluation.names import OUTCOME_NAMES, SPLIT_NAMES, TYPE_NAMES
from rag.evaluation.scoring import METRICS, Scored, item_key
from rag.evaluation.table import compared, milliseconds, share
from rag.metrics import ItemKey, same_item

_STYLE = """
body{font:15px/1.65 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif;
 color:#1f2933;background:#f5f6f8;margin:0}
main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:24px;margin:0 0 4px} h2{font-size:19px;margin:36px 0 10px} h3{font-size:16px}
section,article{background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:14px 18px;
 margin:12px 0;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px} td,th{text-align:left;padding:5px 10px;
 border-bottom:1px solid #e8ebef;vertical-align:top} th{color:#52606d;font-weight:600}
.muted{color:#66727f} .small{font-size:13px}
.tag{display:inline-block;border-radius:4px;padding:0 7px;font-size:13px;margin:0 4px 4px 0;
 background:#e8ebef} .bad{background:#fde4e1;color:#9b1c13} .good{background:#dff3e4;color:#14632b}
.side{display:grid;grid-template-columns:1fr 1fr 1.2fr;gap:18px}
.side h4{margin:6px 0;font-size:14px;color:#52606d} .side div{min-width:0;overflow-wrap:anywhere}
.side ul{padding-left:18px;margin:4px 0}
blockquote{margin:2px 0 8px;padding:4px 10px;border-left:3px solid #c3cad3;background:#f8f9fb}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:0}
svg text{font-size:12px;fill:#3e4c59}
@media(max-width:860px){.side{grid-template-columns:1fr}}
"""


def render_report(results: Mapping[str, Any], scored: Mapping[str, Sequence[Scored]]) -> str:
    """The page as HTML; every text from questions, answers and settings is escaped."""
    qa = results["qa"]
    body = [
        "<h1>问答评测报告</h1>",
        f'<p class="muted">{escape(qa["file"])}，{qa["questions"]} 题，'
        f"{escape(str(results['day']))}</p>",
    ]
    for engine, entries in scored.items():
        body.append(_engine(engine, results["engines"][engine]["splits"], entries))
    if "comparison" in results:
        body.append(_comparison(results["comparison"]))
    body.append(_settings(results))
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>问答评测报告</title>"
        f"<style>{_STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _engine(engine: str, splits: Mapping[str, Any], entries: Sequence[Scored]) -> str:
    parts = {name: split for name, split in splits.items() if name != "all"} or splits
    times = [float(entry.prediction["timing_ms"]["total"]) for entry in entries]
    wrong = [entry for entry in entries if not entry.correct]
    flawed = [entry for entry in entries if entry.correct and entry.reasons]
    return "".join(
        (
            f"<h2>引擎 {escape(engine)}</h2>",
            f"<section>{_metrics(splits)}</section>",
            f"<section><h3>按题型的答对率（细线为 95% 置信区间）</h3>{bars_by_type(parts)}</section>",
            f"<section><h3>耗时分布</h3>{latency_histogram(times)}</section>",
            f"<h2>答错的问题：{len(wrong)} 题</h2>",
            *(_card(engine, entry) for entry in wrong),
            f"<h2>答对但有缺点的：{len(flawed)} 题</h2>",
            *(_card(engine, entry) for entry in flawed),
        )
    )


def _metrics(splits: Mapping[str, Any]) -> str:
    rows = [
        [metric.label + ("" if metric.rising else "（越小越好）")]
        + [share(split["metrics"][metric.name]) for split in splits.values()]
        for metric in METRICS
    ]
    rows += [
        [f"耗时 {name}", *(milliseconds(split["latency_ms"][name]) for split in splits.values())]
        for name in ("p50", "p95")
    ]
    return _table(["指标", *(SPLIT_NAMES.get(name, name) for name in splits)], rows)


def _comparison(comparison: Mapping[str, Any]) -> str:
    note = "" if comparison["same_questions"] else "问题集有改动，只比较编号相同的题。"
    rows = [
        [
            *compared(row),
            f"{len(row['better'])}",
            f"{len(row['worse'])}",
            f"{row['p']:.3f}（{'McNemar' if row['test'] == 'mcnemar' else '配对自助法'}）",
        ]
        for row in comparison["rows"]
    ]
    head = ["引擎", "部分", "指标", "原来", "现在", "变好的题", "变差的题", "p"]
    content = _table(head, rows) if rows else "<p>没有一题的得分有变化。</p>"
    for row in comparison["rows"]:
        if (row["split"], row["metric"]) == ("all", "correct"):
            content += (
                f'<p class="small">{escape(row["engine"])} 变对的题：{_ids(row["better"])}<br>'
                f"变错的题：{_ids(row['worse'])}</p>"
            )
    day = escape(str(comparison["old_day"]))
    return f"<h2>与 {day or '以前'} 的结果相比</h2><section><p>{note}</p>{content}</section>"


def _ids(ids: Sequence[str]) -> str:
    return escape("、".join(ids) or "—")


def _settings(results: Mapping[str, Any]) -> str:
    rows = [["问题集 SHA-256", results["qa"]["sha256"]]]
    rows += [[str(key), str(value)] for key, value in results["models"].items()]
    rows += [[str(key), str(value)] for key, value in results["settings"].items()]
    return f"<h2>模型与设置</h2><section>{_table(['名称', '值'], rows)}</section>"


def _card(engine: str, entry: Scored) -> str:
    question, prediction = entry.question, entry.prediction
    tags = "".join(f'<span class="tag bad">{escape(reason)}</span>' for reason in entry.reasons)
    history = "".join(
        f'<p class="small muted">{"问" if turn["role"] == "user" else "答"}：'
        f"{escape(turn['content'])}</p>"
        for turn in question.history
    )
    return (
        f'<article id="{escape(engine)}-{escape(question.id)}">{history}'
        f"<h3>{escape(question.question)}</h3>"
        f'<p><span class="tag">{escape(question.id)}</span>'
        f'<span class="tag">{escape(TYPE_NAMES.get(question.type, question.type))}</span>'
        f'<span class="tag">{escape(question.split or "—")}</span>{tags}</p>'
        f'<div class="side"><div><h4>应有</h4>{_expected(entry)}</div>'
        f"<div><h4>回答（{escape(OUTCOME_NAMES[prediction['outcome']])}）</h4>"
        f"<pre>{escape(str(prediction['answer']))}</pre></div>"
        f"<div><h4>依据</h4>{_evidence(entry)}</div></div></article>"
    )


def _expected(entry: Scored) -> str:
    question = entry.question
    lines = ["可以回答" if question.answerable else "快报中没有"]
    lines += [f"应含：{' 或 '.join(group)}" for group in question.must_include]
    lines += [f"不应含：{words}" for words in question.must_not_include]
    lines += [f"或纠正为：{'／'.join(group)}" for group in question.correction_ok]
    lines += [f"出自：{_item_label(item)}" for item in question.gold]
    quote = question.gold_quote
    return _list(lines) + (f"<blockquote>{escape(quote)}</blockquote>" if quote else "")


def _evidence(entry: Scored) -> str:
    gold = entry.question.gold
    cited = "".join(
        f"<p>{_mark(gold, item_key(citation))}[{citation['number']}] "
        f"{escape(citation['label'])}</p><blockquote>{escape(citation['quote'])}</blockquote>"
        for citation in entry.prediction["citations"]
    )
    found = "".join(
        f"<li>{_mark(gold, item_key(hit))}{escape(_item_label(item_key(hit)))} "
        f'<span class="muted">{hit["score"]:.3f}</span></li>'
        for hit in entry.prediction.get("retrieved", ())[:5]
    )
    return (
        f"{cited or '<p>没有引用</p>'}"
        f'<p class="small muted">检索到的前五条：</p><ol class="small">{found}</ol>'
    )


def _mark(gold: Sequence[ItemKey], found: ItemKey) -> str:
    if not gold:
        return ""
    right = any(same_item(ItemKey(item.year, item.issue, item.section), found) for item in gold)
    return f'<span class="tag {"good" if right else "bad"}">{"对" if right else "非标准"}</span>'


def _item_label(item: ItemKey) -> str:
    section = f"【{item.section}】" if item.section else ""
    return f"{item.year}年第{item.issue}期{section}{'、'.join(sorted(item.departments))}"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
