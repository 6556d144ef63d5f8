using Aos.Contracts;

namespace Aos.Failures;

/// <summary>The door of the failures room.</summary>
public static class FailuresRoom
{
    public const string Name = "failures";

    public static AosBuilder AddFailures(this AosBuilder aos) => aos.Door<IFailures, FailuresDoor>();
}
