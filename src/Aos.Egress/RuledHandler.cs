using System.Net;
using Aos.Contracts;

namespace Aos.Egress;

/// <summary>Holds what a client library sends to the rule of the call it is sent for; redirects come through here again, since the inner handler follows none.</summary>
/// <param name="isOfHouse">True: the house chose the target, so only where the run lets its calls go is asked.</param>
internal sealed class RuledHandler(HttpMessageHandler inner, bool isOfHouse, Func<string, CancellationToken, Task<IPAddress[]>> resolve) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (OutboundRule.Current is { } rule && request.RequestUri is { } target)
        {
            if (!isOfHouse && await rule.RefusalAsync(target, cancellationToken) is { } refusal) throw new TargetRefusedException(refusal);
            if (rule.Calls is { } calls && await calls.RefusalAsync(target.IdnHost, target.Port, resolve, cancellationToken) is { } kept) throw new TargetRefusedException(kept);
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
