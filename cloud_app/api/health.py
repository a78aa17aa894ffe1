"""Whether the portal answers: for load balancers, says nothing else."""

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    status: str = "ok"


@router.get("/health")
async def health() -> HealthOut:
    """Answer while this process lives."""
    return HealthOut()
