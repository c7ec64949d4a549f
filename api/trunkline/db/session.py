"""The connection to PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

type SessionMaker = async_sessionmaker[AsyncSession]


def make_engine(database_url: str, pool_size: int = 10) -> AsyncEngine:
    """An engine for `database_url` (postgresql+psycopg://...); dispose of it when done."""
    return create_async_engine(database_url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True)


def make_reader(database_url: str, pool_size: int = 10) -> AsyncEngine:
    """An engine for a read or two: no transaction and no ping before it, which would take three more round trips.

    So a read may fail once after PostgreSQL was started again; dispose of it when done.
    """
    return create_async_engine(database_url, pool_size=pool_size, max_overflow=10, isolation_level="AUTOCOMMIT")


def make_sessions(engine: AsyncEngine) -> SessionMaker:
    """Sessions whose objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)
