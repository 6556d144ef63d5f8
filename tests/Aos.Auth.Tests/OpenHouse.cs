namespace Aos.Auth.Tests;

/// <summary>
/// One house for all tests of a class, which begin one after the other: for tests that leave nothing behind, or nothing that another of
/// them sees. To start a house takes far longer than most of what is asked of one.
/// </summary>
public sealed class OpenHouse : IAsyncLifetime
{
    internal AuthHouse House { get; private set; } = null!;

    /// <summary>An admin of acme who may ask as often as there are tests.</summary>
    internal MadeKey Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        House = await AuthHouse.OpenAsync();
        Admin = await House.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
    }

    public async ValueTask DisposeAsync() => await House.DisposeAsync();
}
