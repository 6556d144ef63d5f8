using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>Endpoints: made, changed and taken away.</summary>
internal sealed class EndpointBook(EndpointTable table, ISecretVersions secrets, TimeProvider clock) : IWebhookEndpoints
{
    private const int SignalMax = 255;
    private const int FieldMax = 255;

    public async Task<IReadOnlyList<WebhookEndpoint>> ListAsync(Caller caller, CancellationToken cancel) => await table.ListAsync(caller.Tenant, cancel);

    public Task<WebhookEndpoint?> FindAsync(Caller caller, string id, CancellationToken cancel) => table.FindAsync(caller.Tenant, id, cancel);

    public async Task<(WebhookEndpoint? Made, Failure? Refusal)> CreateAsync(
        Caller caller, string name, string secret, WebhookScheme scheme, WebhookForward? forward, TimeSpan window, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var endpoint = new WebhookEndpoint(caller.Tenant, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), name, secret, scheme, forward, true, window)
        {
            CreatedAt = now, CreatedBy = caller.Principal, UpdatedAt = now, UpdatedBy = caller.Principal,
        };
        var refusal = await WrongAsync(endpoint, cancel) ?? await table.InsertAsync(endpoint, cancel);
        return refusal is null ? (endpoint, null) : (null, refusal);
    }

    public async Task<(WebhookEndpoint? Before, WebhookEndpoint? After, Failure? Refusal)> ChangeAsync(
        Caller caller, string id, Func<WebhookEndpoint, WebhookEndpoint> change, CancellationToken cancel)
    {
        if (await table.FindAsync(caller.Tenant, id, cancel) is not { } before) return default;
        var now = clock.GetUtcNow();
        var after = change(before) with { UpdatedAt = now > before.UpdatedAt ? now : before.UpdatedAt.AddTicks(1), UpdatedBy = caller.Principal };
        var refusal = await WrongAsync(after, cancel) ?? await table.UpdateAsync(before, after, cancel);
        return refusal is null ? (before, after, null) : (null, null, refusal);
    }

    public async Task<WebhookEndpoint?> DeleteAsync(Caller caller, string id, CancellationToken cancel) =>
        await table.FindAsync(caller.Tenant, id, cancel) is { } endpoint && await table.DeleteAsync(caller.Tenant, id, cancel) ? endpoint : null;

    private async Task<Failure?> WrongAsync(WebhookEndpoint endpoint, CancellationToken cancel)
    {
        if (Problem(endpoint) is { } problem) return FailureCatalog.Fail("INVALID_INPUT", problem);
        return await secrets.GoodAsync(endpoint.Tenant, endpoint.Secret, cancel) is []
            ? FailureCatalog.Fail(
                "INVALID_INPUT", $"secret: there is no secret {endpoint.Secret} that deliveries can be signed with. Make it (aos secrets set {endpoint.Secret}), without an agent; with skills only if webhook_send is one of them.")
            : null;
    }

    private static string? Problem(WebhookEndpoint endpoint)
    {
        if (!IsText(endpoint.Name, IWebhookEndpoints.NameMax)) return $"name: 1 to {IWebhookEndpoints.NameMax} characters that can be seen.";
        if (!IsText(endpoint.Secret, 64)) return "secret: the name of a secret of this tenant.";
        if (endpoint.Window.TotalSeconds is < IWebhookEndpoints.WindowMin or > IWebhookEndpoints.WindowMax)
            return $"window_seconds: {IWebhookEndpoints.WindowMin} to {IWebhookEndpoints.WindowMax}.";
        if (endpoint.Forward is not { } forward) return null;
        if (!IsText(forward.Signal, SignalMax)) return $"forward.signal: 1 to {SignalMax} characters that can be seen.";
        if (forward.Run is null == forward.RunField is null) return "forward: either run_id, or run_field.";
        return forward.RunField is { } field && (!IsText(field, FieldMax) || field.Split('.').Any(part => part.Length == 0))
            ? $"forward.run_field: names of members and numbers of items with points between them, such as data.object.run_id, up to {FieldMax} characters."
            : null;
    }

    private static bool IsText(string text, int max) => text.Length > 0 && text.Length <= max && !text.Any(char.IsControl);
}
