namespace Aos.Testing;

/// <summary>Faults planted into the protocol, to see that the checks find them. Each is a mistake somebody could make.</summary>
[Flags]
public enum Planted
{
    None = 0,

    /// <summary>Appends are not fenced: neither epoch nor owner is compared.</summary>
    NoEpochCheck = 1,

    /// <summary>A conflicting event is skipped and the rest written, as ON CONFLICT DO NOTHING would.</summary>
    Splice = 2,

    /// <summary>An outcome whose run has left its node is dropped instead of sent to the inbox.</summary>
    DropsOutcomes = 4,

    /// <summary>A park does not compare the inbox's head with what was read.</summary>
    ParksOverMail = 8,

    /// <summary>Runs of an expired node are claimed before its epoch is bumped: it may renew its lease in between.</summary>
    BumpsAfterClaim = 16,

    /// <summary>An append without an answer is taken as failed and decided anew.</summary>
    DecidesAnew = 32,

    /// <summary>Calls start although the lease may be over.</summary>
    ActsWithoutLease = 64,

    /// <summary>A run that is taken over forgets that a call was started.</summary>
    ForgetsStarted = 128,

    /// <summary>An append is answered before its commit.</summary>
    AnswersEarly = 256,

    /// <summary>Orphans are claimed without looking whether the taker is alive.</summary>
    ClaimsUnfenced = 512,

    /// <summary>Slots are handed out without counting those that are taken.</summary>
    CountsNoSlots = 1_024,
}
