"""Settings, read from BULLETIN_* variables and a .env file; every default works offline."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "BULLETIN_"
ENV_FILE = ".env"
ENV_ENCODING = "utf-8-sig"  # Windows editors put a mark in front
# Read by the tests only (BULLETIN_TEST_CHAT_BASE_URL, …), never by the product.
TEST_PREFIX = PREFIX + "TEST_"


class Settings(BaseSettings):
    """All settings of the product."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding=ENV_ENCODING,
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Field(Path("data"), description="数据目录，所有写出的文件都在其中")
    chroma_url: str = Field("", description="Chroma 服务器地址；空：使用内嵌的 Chroma")
    chroma_token: SecretStr = Field(
        SecretStr(""), description="访问 Chroma 服务器的令牌，由它前面的反向代理核对"
    )
    embedding_model: str = Field("", description="句向量模型的名称或目录；空：自带模型")
    reranker_model: str = Field("", description="CrossEncoder 重排模型的名称或目录；空：不重排")
    chat_model: str = Field("", description="对话模型名称；空：只给原文摘录式回答")
    chat_base_url: str = Field(
        "", description="OpenAI 兼容服务的地址，如 http://127.0.0.1:11434/v1"
    )
    chat_api_key: SecretStr = Field(SecretStr(""), description="对话模型的密钥，不会写入日志")
    today: date | None = Field(None, description="“今天”的日期（YYYY-MM-DD）；空：本机日期")

    def current_date(self) -> date:
        """The day that 今年 and 最近 are counted from."""
        return self.today or date.today()


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an unknown BULLETIN_ variable or a bad value raises SettingsError."""
    try:
        written = dotenv_values(ENV_FILE, encoding=ENV_ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"设置文件 {Path(ENV_FILE).resolve()} 读不出来，请检查权限，并用 UTF-8 编码保存"
        ) from error
    names = {**written, **(os.environ if environ is None else environ)}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in names:
        upper = name.upper()
        if upper.startswith(PREFIX) and upper not in known and not upper.startswith(TEST_PREFIX):
            raise SettingsError(f"不认识的设置 {name}；可用的设置有：{'、'.join(sorted(known))}")
    try:
        # An empty variable means "not set", so that a .env template can list every name.
        return Settings(_env_ignore_empty=True)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        hint = "应为 YYYY-MM-DD 形式的日期" if name.endswith("TODAY") else "值的格式不对"
        raise SettingsError(f"设置 {name} 的值 {first.get('input')!r} 无法使用：{hint}") from error
