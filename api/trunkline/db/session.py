"""The connection to PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

type SessionMaker = async_sessionmaker[AsyncSession]


def make_engine(database_url: str, pool_size: int = 10) -> AsyncEngine:
    """An engine for `database_url` (postgresql+psycopg://...); dispose of it when done."""
    return create_async_engine(database_url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True)


def make_readers(engine: AsyncEngine) -> SessionMaker:
    """Sessions for a read or two: without a transaction, which would take two more round trips."""
    return async_sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False)


def make_sessions(engine: AsyncEngine) -> SessionMaker:
    """Sessions whose objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)
