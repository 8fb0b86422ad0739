"""Train the answer model: python -m benchmarks.answer_model MODEL_FOLDER CMRC.json OUT.safetensors

MODEL_FOLDER is the default embedding model (data/models/…), whose weights stay as they are; learned
is a low-rank change to the linear layers of its upper two thirds (LoRA, Hu et al. 2021) and a head.
It learns twice: from benchmarks/answer_pairs.jsonl.gz, invented items each with questions that they
answer and close ones that they don't, and from questions of CMRC 2018 with a sentence that holds the
answer or one that doesn't; then, more slowly, from some of the pairs and the questions of FOLDERS
with the items that the search finds for them. The other archives, and the test parts of these, are
left for fitting and testing what is made of its word (benchmarks.refusal). Every twentieth record of
the pairs is kept out, and the area under the ROC curve on those printed. It takes 45 minutes on 2
cores with AMX, and several times as long without.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rapidfuzz import fuzz
from safetensors.numpy import save_file
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from benchmarks.question_sets import OF_ONE_ITEM, ROOT, WHOLE, question_sets
from rag.answer_model import open_tokenizer, token_ids
from rag.chain import BulletinChain
from rag.evaluation.questions import Question
from rag.schema import Chunk
from rag.text import split_sentences, strip_space

PAIRS = Path(__file__).with_name("answer_pairs.jsonl.gz")
RANK, FACTOR = 8, 2.0
FOLDERS = (
    "samples",
    *(f"benchmarks/archives/{name}" for name in ("yuanze", "lanxi", "xiyang", "liquan")),
    *(f"benchmarks/archives/{name}" for name in ("huaidu", "jichuan", "dizhou", "shuoyu")),
)
# Asked of one item, and not told apart by time alone.
SINGLE = frozenset([*OF_ONE_ITEM, "time", "unanswerable_ood"])
TIMED = ("near_dup", "time")  # the next items may answer them for another time
FIRST_LAYER = 4  # the layers below are the embedding model's own
BATCH, WARM_UP = 32, 50
FIRST_EPOCHS, FIRST_RATE = 2, 1e-3
SECOND_RATE, SECOND_PAIRS = 4e-4, 2800  # one epoch; the questions twice
SMOOTHING = 0.025
FROM_CMRC = 2000
KEPT_OUT = 20
MOST_CHARACTERS = 170
SAME_TITLE = 50  # rapidfuzz ratio from which items may be about one matter


@dataclass(frozen=True)
class Pair:
    """A question and a passage below its title, and whether the one answers the other."""

    question: str
    title: str
    passage: str
    answers: bool


class LowRank(nn.Module):
    """A linear layer with the change that is learned."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        down = torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features)
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, value: Tensor) -> Tensor:
        kind = value.dtype
        change = (value @ self.down.T.to(kind)) @ self.up.T.to(kind)
        result: Tensor = self.linear(value) + FACTOR * change
        return result


class Reader(nn.Module):
    """Question and passage together → logit."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        # Its backward pass is twice as fast on processors as that of "sdpa".
        self.bert = AutoModel.from_pretrained(
            folder, add_pooling_layer=False, attn_implementation="eager"
        ).bfloat16()
        self.bert.requires_grad_(False)
        for layer in self.bert.encoder.layer[FIRST_LAYER:]:
            attention = layer.attention
            for owner, names in (
                (attention.self, ("query", "key", "value")),
                (attention.output, ("dense",)),
                (layer.intermediate, ("dense",)),
                (layer.output, ("dense",)),
            ):
                for name in names:
                    setattr(owner, name, LowRank(getattr(owner, name)))
        self.head = nn.Linear(2 * self.bert.config.hidden_size, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask[..., None].float()
        mean = (hidden * weights).sum(1) / weights.sum(1)
        logits: Tensor = self.head(torch.cat([hidden[:, 0], mean], -1))[:, 0]
        return logits


def main() -> None:
    folder, cmrc, out = sys.argv[1:4]
    torch.manual_seed(0)
    random.seed(0)
    own = read_pairs()
    apart = set(sorted({pair.title for pair in own})[::KEPT_OUT])
    rows = [p for p in own if p.title not in apart] + cmrc_pairs(Path(cmrc))
    tokenizer = open_tokenizer(Path(folder))
    reader = Reader(folder)
    train(reader, encoded(rows, tokenizer), FIRST_EPOCHS, FIRST_RATE)
    random.shuffle(own)
    rows = 2 * question_pairs() + own[:SECOND_PAIRS]
    train(reader, encoded(rows, tokenizer), 1, SECOND_RATE)
    kept = [pair for pair in own if pair.title in apart]
    scores = logits(reader, encoded(kept, tokenizer))
    print(f"另 {len(kept)} 对：AUC {roc_auc_score([p.answers for p in kept], scores):.3f}")
    save(reader, Path(out))


def read_pairs() -> list[Pair]:
    with gzip.open(PAIRS, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [
        Pair(question, record["title"], record["text"][:MOST_CHARACTERS], kind == "yes")
        for record in records
        for kind in ("yes", "no")
        for question in record[kind]
    ]


def cmrc_pairs(path: Path) -> list[Pair]:
    """Questions of CMRC 2018 with a sentence or two that hold the answer, or that don't."""
    pairs: list[Pair] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            sentences = [span.of(text) for span in split_sentences(text)]
            for asked in paragraph["qas"]:
                answer = asked["answers"][0]["text"]
                place = next((i for i, s in enumerate(sentences) if answer in s), None)
                if place is None:
                    continue
                before, after = random.randint(0, 1), random.randint(1, 2)
                told = "".join(sentences[max(0, place - before) : place + after])
                pairs.append(
                    Pair(
                        asked["question"],
                        "",
                        told[:MOST_CHARACTERS],
                        answer in told[:MOST_CHARACTERS],
                    )
                )
                others = [s for s in sentences if answer not in s]
                if others and random.random() < 0.7:
                    pairs.append(
                        Pair(asked["question"], "", random.choice(others)[:MOST_CHARACTERS], False)
                    )
    random.shuffle(pairs)
    return pairs[:FROM_CMRC]


def question_pairs() -> list[Pair]:
    """Questions with the item that answers, and with items near to it that don't."""
    folders = [ROOT / folder for folder in FOLDERS]
    given = [str(path) for folder in folders for path in (folder, folder / "qa.jsonl")]
    return [
        pair
        for name, chain, questions in question_sets(given)
        for question in questions
        if question.type in SINGLE and (question.split != "test" or name in WHOLE)
        for pair in _with_items(chain, question)
    ]


def _with_items(chain: BulletinChain, question: Question) -> list[Pair]:
    query = chain._current().reader.read(question.question, chain.settings.current_date()).query
    gold = {(g.year, g.issue, g.section) for g in question.gold}
    near: list[Chunk] = []
    answering: list[Chunk] = []
    for hit in chain._engine.hits(query):
        chunk = hit.chunk
        right = (chunk.issue.year, chunk.issue.number, chunk.section) in gold
        (answering if right else near).append(chunk)
    pairs = [
        Pair(query.standalone, chunk.title, _around(chunk, question.gold_quote), True)
        for chunk in answering[:1]
        if question.answerable
    ]
    if question.answerable:
        title = answering[0].title if answering else ""
        near = [chunk for chunk in near[:4] if fuzz.ratio(chunk.title, title) < SAME_TITLE]
    if not (question.answerable and question.type in TIMED):
        pairs += [
            Pair(query.standalone, chunk.title, _around(chunk, ""), False) for chunk in near[:2]
        ]
    return pairs


def _around(chunk: Chunk, quote: str) -> str:
    """The text below the title, as much of it around the quote as the model reads."""
    body = chunk.text.removeprefix(chunk.title).strip()
    quote = strip_space(quote)  # as the text was taken in
    place = max(body.find(quote), 0) if quote else random.randrange(len(body) + 1)
    first = max(0, min(place + len(quote) // 2 - MOST_CHARACTERS // 2, len(body) - MOST_CHARACTERS))
    return body[first : first + MOST_CHARACTERS]


Encoded = list[tuple[list[int], bool]]


def encoded(pairs: Sequence[Pair], tokenizer: Tokenizer) -> Encoded:
    return [
        (token_ids(tokenizer, pair.question, pair.title, pair.passage), pair.answers)
        for pair in pairs
    ]


def batches(rows: Encoded, shuffled: bool) -> Iterator[tuple[list[int], Tensor, Tensor, Tensor]]:
    """Rows of nearly one length together: (their places, token ids, mask, 1 for an answer)."""
    order = list(range(len(rows)))
    if shuffled:
        random.shuffle(order)
    many = 20 * BATCH
    groups = []
    for start in range(0, len(order), many):
        alike = sorted(order[start : start + many], key=lambda i: len(rows[i][0]))
        groups += [alike[i : i + BATCH] for i in range(0, len(alike), BATCH)]
    if shuffled:
        random.shuffle(groups)
    for group in groups:
        longest = max(len(rows[i][0]) for i in group)
        longest += -longest % 16  # few shapes, so that memory is used again
        ids = torch.ones(len(group), longest, dtype=torch.long)  # 1 is the padding
        mask = torch.zeros(len(group), longest, dtype=torch.long)
        for row, i in enumerate(group):
            tokens = rows[i][0]
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        yield group, ids, mask, torch.tensor([float(rows[i][1]) for i in group])


def train(reader: Reader, rows: Encoded, epochs: int, rate: float) -> None:
    learned = [parameter for parameter in reader.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=rate, weight_decay=0.01)
    total = epochs * math.ceil(len(rows) / BATCH)
    step = 0
    for epoch in range(epochs):
        for _, ids, mask, answers in batches(rows, shuffled=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * min(1, (step + 1) / WARM_UP) * max(0.05, 1 - step / total)
            smooth = answers * (1 - 2 * SMOOTHING) + SMOOTHING
            loss = nn.functional.binary_cross_entropy_with_logits(reader(ids, mask), smooth)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learned, 1.0)
            optimiser.step()
            step += 1
            if step % 100 == 0:
                print(f"第 {epoch + 1} 遍，{step}/{total}，损失 {loss.item():.3f}", flush=True)


def logits(reader: Reader, rows: Encoded) -> list[float]:
    found = np.zeros(len(rows))
    with torch.no_grad():
        for places, ids, mask, _ in batches(rows, shuffled=False):
            found[places] = reader(ids, mask).numpy()
    return [float(value) for value in found]


def save(reader: Reader, out: Path) -> None:
    """In the form that rag.answer_model.adapter reads."""
    tensors = {
        "head.weight": reader.head.weight.detach().numpy()[0],
        "head.bias": reader.head.bias.detach().numpy(),
    }
    for name, module in reader.bert.named_modules():
        if isinstance(module, LowRank):
            tensors[f"{name}.down"] = module.down.detach().numpy().astype(np.float16)
            tensors[f"{name}.up"] = FACTOR * module.up.detach().numpy().astype(np.float16)
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, out)
    out.chmod(0o644)


if __name__ == "__main__":
    main()
