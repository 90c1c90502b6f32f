// Gives the archive libfastformer a source of its own: the objects of its layers are added to it.
namespace fastformer {
extern const char kArchive[];
const char kArchive[] = "fastformer";
}  // namespace fastformer
