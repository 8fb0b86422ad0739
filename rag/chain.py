"""The whole: question and history in, checked answer out, as a LangChain Runnable."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor

from rag.answer_model import AnswerModel
from rag.catalog import Catalog
from rag.data_folder import check_index_is_there, prepare
from rag.departments import DepartmentNames, load_departments
from rag.embeddings import BulletinEmbeddings, load_embeddings
from rag.errors import (
    BulletinError,
    CatalogBrokenError,
    QuestionError,
    SettingsError,
    StoreUnreachableError,
)
from rag.extractive.engine import ExtractiveEngine
from rag.faults import named_fault, naming_faults
from rag.generative import ChatWriter, GenerativeEngine, build_chat_model
from rag.index_mending import check_vectors
from rag.query.commands import without_commands
from rag.query.conversation import resolve
from rag.query.question_kind import kind_model
from rag.query.reader import QuestionReader
from rag.query.small_talk import is_small_talk
from rag.query.spelling import SoundIndex
from rag.query.vocabulary import Vocabulary
from rag.reranker import CrossEncoderReranker, load_reranker
from rag.retriever import BulletinRetriever, HybridRetriever
from rag.schema import Answer, Intent, ParsedQuery, Turn
from rag.settings import Settings
from rag.synonyms import load_synonyms, with_synonyms
from rag.text import encodable, fold, legible
from rag.vector_store import VectorStore
from rag.word_vectors import WordVectors

LONGEST_QUESTION = 2000
LONGEST_HISTORY = 20
# Items whose names are looked through for a mistyped one, the last ones taken in: 1.5 s of work
# after each change of the archive.
SOUND_TEXTS = 50_000
# Of each message before; ten questions of 2,000 characters took two seconds to read.
LONGEST_TURN = 600
SERVER_AWAY = "Chroma 服务器现在连不上，回答依据已同步到本机的内容，刚入库的可能还没有。"
log = logging.getLogger(__name__)

EngineName = Literal["extractive", "chat"]


@dataclass(frozen=True)
class _Knowledge:
    """What is derived from one state of the catalogue."""

    vocabulary: Vocabulary
    reader: QuestionReader


class BulletinChain(Runnable[Any, Answer]):
    """Answers questions: `invoke({"question": str, "history": [{"role", "content"}, …]})`.

    A plain string is a question without history. `invoke` never raises for bad input or a fault
    of the stores: the answer's `error` says what is wrong. `engine="extractive"` or "chat" as a
    keyword argument, also by `bind`, chooses how to answer; by default "chat" when there is a
    chat model.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        store: VectorStore,
        embeddings: BulletinEmbeddings,
        departments: DepartmentNames,
        writer: ChatWriter | None = None,
        reranker: CrossEncoderReranker | None = None,
        answers: AnswerModel | None = None,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.store = store
        self.embeddings = embeddings
        self.departments = departments
        self.search = HybridRetriever(embeddings, catalog, catalog, reranker=reranker)
        self.words = WordVectors(
            settings.data_dir / "words.sqlite3", embeddings.model_id, embeddings.embed_documents
        )
        self._synonyms = load_synonyms(settings.data_dir / "synonyms.toml")
        related = with_synonyms(self.words.related, self._synonyms)
        self.judge = answers.logit if answers else None
        self._engine = ExtractiveEngine(catalog, self.search, related, self.judge)
        self.generative = (
            GenerativeEngine(writer, departments, settings.current_date) if writer else None
        )
        self._lock = threading.Lock()
        self._knowledge: _Knowledge | None = None

    @property
    def engine(self) -> EngineName:
        """How questions are answered unless the caller chooses."""
        return "chat" if self.generative else "extractive"

    def retriever(self, k: int = 5) -> BulletinRetriever:
        """The search alone, for LangChain users."""
        return BulletinRetriever(hybrid=self.search, k=k)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        # LangChain's types know no keyword arguments of their own.
        call: Any = self._last
        return self._call_with_config(call, input, config, **kwargs)

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Iterator[Answer]:
        """Successive answers, each more complete; the last one is final."""
        call: Any = self._each
        yield from self._transform_stream_with_config(iter([input]), call, config, **kwargs)

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncIterator[Answer]:
        """As `stream`; the work is done in a thread."""
        answers = self.stream(input, config, **kwargs)
        try:
            while (answer := await run_in_executor(None, next, answers, None)) is not None:
                yield answer
        finally:
            await run_in_executor(None, answers.close)  # type: ignore[attr-defined]

    def _last(self, input: Any, config: RunnableConfig, engine: EngineName | None = None) -> Answer:
        return list(self._answers(input, config, engine))[-1]

    def _each(
        self, inputs: Iterator[Any], config: RunnableConfig, engine: EngineName | None = None
    ) -> Iterator[Answer]:
        for input in inputs:
            yield from self._answers(input, config, engine)

    # --- one question ----------------------------------------------------------------------

    def _answers(
        self, input: Any, config: RunnableConfig, engine: EngineName | None
    ) -> Iterator[Answer]:
        question = ""
        try:
            question, history = read_input(input)
            generative = self._generative(engine)
            try:
                answer = self._ask(question, history)
            except CatalogBrokenError:
                answer = self._ask(question, history)  # made anew from the index
            if generative is None:
                yield answer
            else:
                yield from generative.answers(answer, config)
        except Exception as error:
            named = named_fault(error, self.settings.data_dir) or error
            if isinstance(named, BulletinError):
                yield _failed(question, str(named))
                return
            log.exception("回答失败")
            yield _failed(question, "程序内部出错，这不是“没有找到”；详情见日志，请联系管理员。")

    def _generative(self, engine: EngineName | None) -> GenerativeEngine | None:
        if (engine or self.engine) == "extractive":
            return None
        if self.generative is None:
            raise SettingsError(
                "没有设置对话模型；请设置 BULLETIN_CHAT_MODEL，或用 extractive 方式。"
            )
        return self.generative

    def _ask(self, question: str, history: Sequence[Turn]) -> Answer:
        if not question.strip():
            raise QuestionError("问题是空的，请输入要查的内容。")
        if len(question) > LONGEST_QUESTION:
            raise QuestionError(
                f"问题有 {len(question)} 个字，最多 {LONGEST_QUESTION} 个字，请缩短后再问。"
            )
        knowledge = self._current()
        if not knowledge.vocabulary.issues:
            raise QuestionError("库里还没有快报，请先运行：python -m ingest 快报文件或文件夹")
        asked, commanded = without_commands(legible(question))
        if is_small_talk(fold(asked)):
            return _out_of_scope(question, _ABOUT)
        if not asked:
            return _out_of_scope(question)
        today = self.settings.current_date()
        with self.catalog.one_state():
            reading = resolve(knowledge.reader, asked, history, today, self.search.search)
            answer = self._engine.answer(reading)
        if commanded:
            answer = replace(
                answer, notices=(*answer.notices, "问题中要求改变回答方式的部分已忽略。")
            )
        if self.store.fault:
            answer = replace(answer, notices=(*answer.notices, SERVER_AWAY))
        return replace(answer, question=question, query=replace(answer.query, question=question))

    def _current(self) -> _Knowledge:
        """The names known to the archive as it is now, or was when it could last be reached."""
        try:
            changed = self.catalog.sync(self.store)
        except StoreUnreachableError:
            if not self.catalog.count():
                raise
            changed = False
        with self._lock:
            if self._knowledge is None or changed:
                self._knowledge = self._learn()
            return self._knowledge

    def _learn(self) -> _Knowledge:
        self.words.update(self.catalog.words())
        aliases = [
            (alias, name)
            for name in self.departments.known()
            for alias in (name, *self.departments.aliases(name))
        ]
        vocabulary = Vocabulary.build(
            [name for name, _ in self.catalog.departments()],
            aliases,
            [name for name, _ in self.catalog.sections()],
            self.catalog.dates(),
        )
        sounds: list[SoundIndex] = []

        making = threading.Lock()

        def sound_index() -> SoundIndex:
            with making:
                if not sounds:
                    texts = self.catalog.texts(SOUND_TEXTS)
                    sounds.append(SoundIndex(self.catalog.words(), texts))
            return sounds[0]

        def known(word: str) -> bool:
            return word.lower() in self._synonyms or bool(
                self.catalog.document_frequency([word]).get(word, 0)
            )

        reader = QuestionReader(vocabulary, sound_index, known, self.catalog.prints, kind_model())
        return _Knowledge(vocabulary, reader)


def _in_step(catalog: Catalog, store: VectorStore) -> bool:
    try:
        return catalog.in_step(store)
    except CatalogBrokenError:
        return False  # it was taken away; syncing makes it anew


def _sync(catalog: Catalog, store: VectorStore) -> None:
    try:
        catalog.sync(store)
    except CatalogBrokenError:
        catalog.sync(store)  # it was taken away; this makes it anew


def read_input(input: Any) -> tuple[str, tuple[Turn, ...]]:
    """Question and history of a chain input; anything else raises QuestionError."""
    if isinstance(input, str):
        return encodable(input), ()
    if not isinstance(input, Mapping) or not isinstance(input.get("question"), str):
        raise QuestionError('输入应为问题文字，或 {"question": "…", "history": […]}。')
    turns = []
    for turn in list(input.get("history") or [])[-LONGEST_HISTORY:]:
        if not isinstance(turn, Mapping) or turn.get("role") not in ("user", "assistant"):
            raise QuestionError(
                'history 的每一项应为 {"role": "user" 或 "assistant", "content": "…"}。'
            )
        turns.append(Turn(turn["role"], legible(str(turn.get("content", ""))[:LONGEST_TURN])))
    return encodable(input["question"]), tuple(turns)


def _unread(question: str) -> ParsedQuery:
    return ParsedQuery(question, question.strip(), Intent.FACT)


def _failed(question: str, message: str) -> Answer:
    shown = question if len(question) <= LONGEST_QUESTION else question[:100] + "…"
    return Answer(question=shown, text="", query=_unread(shown), error=message)


_COMMANDED = (
    "这不是对快报内容的提问。本系统只回答快报登过的内容，每条都附原文出处，不执行其他指令。"
)
_ABOUT = (
    "这里只回答《政务快报》登过的内容，每条都附原文出处。可以问：某个数字（写明时间）、"
    "某单位某年做了哪些工作、某一期的要点、哪一期登过某件事。"
)


def _out_of_scope(question: str, text: str = _COMMANDED) -> Answer:
    return Answer(
        question=question,
        text=text,
        query=_unread(question),
        refusal="out_of_scope",
    )


def build_chain(settings: Settings, embeddings: BulletinEmbeddings | None = None) -> BulletinChain:
    """Open the stores and load the embedder if none is given; BulletinError with the remedy.

    A Chroma server that does not answer is no hindrance: it is looked for again with each question.
    """
    data_dir, embedded = settings.data_dir, not settings.chroma_url
    with naming_faults(data_dir):
        prepare(data_dir)
        embeddings = embeddings or load_embeddings(settings.embedding_model, data_dir)
        if embedded:
            check_index_is_there(data_dir)
        store = VectorStore.configured(
            settings, embeddings.model_id, embeddings.dimension, at_once=False
        )
        catalog = Catalog(data_dir / "catalog.sqlite3")
        # Otherwise the next question looks for it again, and says what is wrong.
        with suppress(StoreUnreachableError):
            if not _in_step(catalog, store):
                store.prepare()
                index = store.signature()
                _sync(catalog, store)
                catalog.remember(store, index)
            if embedded:
                check_vectors(catalog, embeddings.dimension, data_dir)
    departments = load_departments(data_dir / "departments.toml")
    writer = ChatWriter(build_chat_model(settings)) if settings.chat_model else None
    reranker = load_reranker(settings.reranker_model)
    answers = AnswerModel(settings.embedding_model, data_dir)
    return BulletinChain(
        settings, catalog, store, embeddings, departments, writer, reranker, answers
    )
