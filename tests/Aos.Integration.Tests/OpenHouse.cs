namespace Aos.Integration.Tests;

/// <summary>One house for all tests of a class, which begin one after the other: for tests that leave nothing behind, or nothing that another sees. To start one takes far longer than to ask it.</summary>
public sealed class OpenHouse : IAsyncLifetime
{
    internal House House { get; private set; } = null!;

    public async ValueTask InitializeAsync() => House = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await House.DisposeAsync();
}
