using System.Text.Json.Serialization;

namespace Aos.Client;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewRun))]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(DecisionRequest))]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(SimulationQuestion))]
[JsonSerializable(typeof(SimulationReply))]
[JsonSerializable(typeof(SkillList))]
[JsonSerializable(typeof(Skill))]
[JsonSerializable(typeof(QueryRequest))]
[JsonSerializable(typeof(QueryReply))]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(Agent))]
[JsonSerializable(typeof(GoalRequest))]
[JsonSerializable(typeof(GoalReply))]
[JsonSerializable(typeof(NodePage))]
[JsonSerializable(typeof(NodeStanding))]
[JsonSerializable(typeof(RecoveryQuestion))]
[JsonSerializable(typeof(RecoverySuggestion))]
[JsonSerializable(typeof(RecoveryPage))]
[JsonSerializable(typeof(SuggestionDecision))]
[JsonSerializable(typeof(SuggestedRetry))]
[JsonSerializable(typeof(NewMemoryPin))]
[JsonSerializable(typeof(MemoryPin))]
[JsonSerializable(typeof(MemoryPinPage))]
[JsonSerializable(typeof(MemoryIncrement))]
[JsonSerializable(typeof(MemoryAppend))]
internal sealed partial class ClientJson : JsonSerializerContext;
