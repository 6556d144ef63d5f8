using Aos.Contracts;

namespace Aos.Egress;

/// <summary>Holds what a client library sends to the rule of the call it is sent for; redirects come through here again, since the inner handler follows none.</summary>
internal sealed class RuledHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (OutboundRule.Current is { } rule && request.RequestUri is { } target && await rule.RefusalAsync(target, cancellationToken) is { } refusal)
            throw new TargetRefusedException(refusal);
        return await base.SendAsync(request, cancellationToken);
    }
}
