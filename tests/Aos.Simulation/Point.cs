namespace Aos.Simulation;

/// <summary>Where a node may meet its fate.</summary>
internal enum Point
{
    BeforeStart,
    AfterStartBeforeAnswer,
    BeforeChildStart,
    AfterChildStartBeforeAnswer,
    BeforeAppend,
    AfterAppendBeforeAnswer,
    BeforePark,
    AfterParkBeforeAnswer,
    AfterOrderBeforeCall,
    DuringCall,
    AfterEffectBeforeOutcome,
    BeforeDueClaim,
    AfterDueClaimBeforeAnswer,
    BeforeClaim,
    AfterClaimBeforeAnswer,
    BeforeEpochBump,
    BetweenEpochBumpAndClaims,
    BeforeOrphanClaim,
    InTheMiddleOfClaims,
    WhileReadingAJournal,
    BeforeMailIsStored,
    BetweenMailAndPoke,
    WhileReadingMail,
    DuringHeartbeat,
    WhileJoining,
    DuringDrain,
    BeforeLeaving,
}

/// <summary>What happens to a node at a point.</summary>
internal enum Deed
{
    None,

    /// <summary>The process ends without a word.</summary>
    Kill,

    /// <summary>It stands still for a while and goes on as if nothing had been.</summary>
    Freeze,

    /// <summary>It cannot reach the store for a while.</summary>
    Cut,

    /// <summary>The statement is carried out, and its answer is lost.</summary>
    LoseAnswer,

    /// <summary>The statement is given up for lost, and carried out later.</summary>
    CommitLate,

    /// <summary>The statement is refused, and not carried out.</summary>
    Refuse,
}
