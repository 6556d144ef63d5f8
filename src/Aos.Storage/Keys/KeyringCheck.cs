using Microsoft.Extensions.Hosting;

namespace Aos.Storage;

/// <summary>A node whose master key does not fit the database does not start.</summary>
internal sealed class KeyringCheck(Keyring keyring) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => keyring.CheckAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
