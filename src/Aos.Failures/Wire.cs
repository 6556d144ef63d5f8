using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Names as they go out.</summary>
internal static class Wire
{
    internal static string Of(RecoveryMode mode) => mode switch
    {
        RecoveryMode.RetryExponential => "RETRY_EXPONENTIAL",
        RecoveryMode.ManualIntervention => "MANUAL_INTERVENTION",
        _ => mode.ToString().ToUpperInvariant(),
    };
}
