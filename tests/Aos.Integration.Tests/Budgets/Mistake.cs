namespace Aos.Integration.Tests.Budgets;

/// <summary>Mistakes of a ledger that the proofs must see.</summary>
internal enum Mistake
{
    None,

    /// <summary>Nothing is held while a call is reserved: each finds room.</summary>
    NoLock,

    /// <summary>What a call cost is booked twice.</summary>
    SettlesTwice,

    /// <summary>What was reserved some time ago is free again.</summary>
    ReleasesByTime,
}
