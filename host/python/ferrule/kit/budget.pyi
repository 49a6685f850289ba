# SPDX-License-Identifier: MIT
class Budget:
    turns: int | None
    calls: int | None
    tokens: int | None
    seconds: float | None
    money: float | None
    prices: tuple[float, float] | None
    def __init__(
        self,
        *,
        turns: int | None = 20,
        calls: int | None = None,
        tokens: int | None = None,
        seconds: float | None = None,
        money: float | None = None,
        prices: tuple[float, float] | None = None,
    ) -> None: ...
