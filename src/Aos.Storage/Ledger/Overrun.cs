using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>A call that cost more than it could at most.</summary>
internal static class Overrun
{
    internal static string Sentence(RunId run, LedgerLine line) =>
        $"{line.Call.Skill} cost {line.Actual} cents in run {run} ({line.Call.Call}), where at most {line.Call.Bound} were reserved. The whole is booked. Correct the skill's price, then open the account again.";
}
