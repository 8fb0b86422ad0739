"""Texts to vectors: one LangChain `Embeddings`, local models only.

A folder with an ONNX export is served by onnxruntime and tokenizers, which start in half a second;
any other model goes through sentence-transformers, whose import alone takes several seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from langchain_core.embeddings import Embeddings

from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model
from rag.embeddings.model_folder import Role, Vectors, content_hash, weight_files
from rag.embeddings.onnx_encoder import open_onnx_encoder
from rag.embeddings.torch_encoder import SentenceTransformersEncoder
from rag.errors import ModelError

REMEMBERED_QUERIES = 256


class TextEncoder(Protocol):
    """A loaded model."""

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors, one row a text, in the order of `texts`; safe from several threads."""


class Embedder(Protocol):
    """What is needed of `BulletinEmbeddings` to fill an index."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...


class BulletinEmbeddings(Embeddings):
    """Unit vectors of queries and documents, with the identity that an index remembers."""

    def __init__(self, encoder: TextEncoder, model_id: str) -> None:
        self._encoder = encoder
        self._model_id = model_id
        self._dimension = int(encoder.encode(["。"], "query").shape[1])
        # One question is looked up by several searches.
        self._query = lru_cache(maxsize=REMEMBERED_QUERIES)(self._encode_query)

    @property
    def model_id(self) -> str:
        """Name and content hash, `multilingual-e5-small-zh@0123456789ab`."""
        return self._model_id

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._dimension

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector a text, in order; a text beyond the model's length is cut."""
        if not texts:
            return []
        vectors: list[list[float]] = self._encoder.encode(texts, "document").tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return list(self._query(text))

    def _encode_query(self, text: str) -> tuple[float, ...]:
        return tuple(self._encoder.encode([text], "query")[0].tolist())


def load_embeddings(model: str, data_dir: Path) -> BulletinEmbeddings:
    """Load the model that BULLETIN_EMBEDDING_MODEL names; empty: the default model.

    The default model is made below `data_dir` on first use. Nothing is ever downloaded: a model
    that is not on this machine, or cannot be read, raises ModelError.
    """
    if model:
        folder = _local_folder(model)
        name = folder.name if Path(model).expanduser().is_dir() else model
    else:
        folder = ensure_default_model(data_dir / "models" / DEFAULT_MODEL_NAME)
        name = DEFAULT_MODEL_NAME
    try:
        onnx = open_onnx_encoder(folder)
        encoder: TextEncoder = onnx or SentenceTransformersEncoder(folder)
        weights = [onnx.file] if onnx else weight_files(folder)
        return BulletinEmbeddings(encoder, f"{name}@{content_hash(folder, weights)}")
    except ModelError:
        raise
    except Exception as error:  # A model folder runs foreign loaders, which raise anything.
        raise ModelError(
            f"无法加载句向量模型 {folder}（{type(error).__name__}：{error}）；请检查该文件夹是否完整，"
            "或清空 BULLETIN_EMBEDDING_MODEL 使用自带的模型"
        ) from error


def _local_folder(model: str) -> Path:
    """The folder of a model given as a folder or as a name in the local Hugging Face cache."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    name = model if "/" in model else f"sentence-transformers/{model}"
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"本机没有句向量模型 {model}（BULLETIN_EMBEDDING_MODEL）；程序不会联网下载，"
            "请把模型文件夹拷贝到本机并填写它的路径，或清空该设置使用自带的模型"
        ) from error
