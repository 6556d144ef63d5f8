namespace Aos.Contracts;

/// <summary>What is set of skills cannot be: a skill of the folder breaks as it is built, or a version is switched off that is not there. Nothing starts so.</summary>
public sealed class SkillsUnusableException(string message) : Exception(message);
