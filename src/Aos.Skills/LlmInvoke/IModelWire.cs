using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A provider's protocol: how to ask, and how to read the stream of the answer.</summary>
internal interface IModelWire
{
    /// <summary>Path below the endpoint's base URL.</summary>
    string Path { get; }

    void WriteHeaders(HttpRequestMessage message, ModelEndpoint endpoint);

    void WriteBody(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request);

    /// <summary>Takes one event of the stream into the draft. Null, or why the answer is none.</summary>
    Failure? Take(string data, AnswerDraft draft, ModelEndpoint endpoint);

    /// <summary>Brings the whole answer into no provider's own form.</summary>
    void Finish(AnswerDraft draft, ModelEndpoint endpoint, ModelRequest request);
}
