using Microsoft.Extensions.Logging;

namespace Aos.CostSim;

internal sealed partial class ProvenanceLog(ILogger<ProvenanceLog> logger)
{
    [LoggerMessage(EventId = 4300, Level = LogLevel.Error, Message = "{Count} simulations were not recorded: the store would not take them.")]
    internal partial void Refused(int count, Exception why);

    [LoggerMessage(EventId = 4301, Level = LogLevel.Error, Message = "The costs of run {Run} were not recorded: its journal cannot be read. Check it with aos trace verify.")]
    internal partial void Damaged(string run, Exception why);
}
