using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Starts the work beside everything else with a server, and ends it with it, the last first.</summary>
internal sealed class LaterHost(IEnumerable<ILater> all) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var later in all) await later.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var later in all.Reverse()) await later.StopAsync(cancellationToken);
    }
}
