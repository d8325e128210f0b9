"""python make_npy.py > npy.json   (numpy 2.4.6)

Headers of npy files, and what numpy.lib.format.read_array makes of each: the type and extents, or an error.
"""
import io, itertools, json, struct
import numpy as np
from numpy.lib import format as npy

headers = []
D, F, S = "'descr': '<f4'", "'fortran_order': False", "'shape': (2, 3)"
for order in itertools.permutations((D, F, S)):
    for sep, end in ((", ", ""), (",", ","), (" ,\n ", ", "), (", # a comment }\n", "")):
        headers.append("{" + sep.join(order) + end + "}")
for shape in "() (6,) (6) (2,3) (2,3,) ( 2 , 3 ) [2,3] 6 (2L,3L) (0x2,3) (0b10,0o3) (2,3.0) (-2,3) (+2,3) (02,3) (2_,3) (2_0,) (True,6) ('2',3) (2 3) (1,2,3,1) (0,5) None (2,(3)) (- -2,3) (6,)*1 (,) (2,,3) ((2,3))".split(" ") + ["( 2 , 3 )", "(\n2,\n3\n)", "(2,3)#", "(1_0,)"]:
    headers.append("{%s, %s, 'shape': %s}" % (D, F, shape))
for descr in "<f4 >f4 =f4 |f4 f4 f <f float32 <float32 float single <i4 i4 int32 int >i2 <u2 uint16 H h <H ? |b1 b1 bool |i1 |u1 b B i1 u1 <f8 d double float64 <f2 e half float16 <i8 q long intp <u8 Q uint64 L <c8 complex64 F |O O object <U3 U |S2 S3 |V4 <M8[s] <m8 <f16 g longdouble f3 i3 <i16 x , f4,f4 (2,)f4 2f4".split(" ") + ["", " <f4", "f4 ", "<f4\\x00", "\\x3cf4", "<\\u0066\\64", "<" + "' 'f4", "Float32", "b2", "<b1", "l", "p", "n", "N", "P", "int8", "byte", "short", "intc", "longlong", "int_", "uint", "ushort"]:
    headers.append("{'descr': '%s', %s, %s}" % (descr, F, S))
for descr in ('"<f4"', "u'<f4'", "b'<f4'", "r'<f4'", "'''<f4'''", '"""<f4"""', "'<' 'f4'", "('<f4')", "[('a','<f4')]", "('<f4',(2,))", "None", "4", "{}", "'<f4' # c", "f'<f4'", "U'<f4'", "rb'<f4'"):
    headers.append("{'descr': %s, %s, %s}" % (descr, F, S))
for fortran in "True False 0 1 None 'False' true".split():
    headers.append("{%s, 'fortran_order': %s, %s}" % (D, fortran, S))
headers += ["", "{}", "[]", "{%s, %s}" % (D, F), "{%s, %s, %s, 'x': 1}" % (D, F, S), "{%s, %s, %s} x" % (D, F, S), "  {%s, %s, %s}" % (D, F, S), "\t{%s, %s, %s}" % (D, F, S), "\n{%s, %s, %s}" % (D, F, S), "({%s, %s, %s})" % (D, F, S), "dict(%s)" % D,
            '{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}', "{%s, %s, %s, %s}" % (D, F, S, "'shape': (3, 2)"), "{%s, %s, %s,,}" % (D, F, S), "{'des' 'cr': '<f4', %s, %s}" % (F, S), "{%s, %s, %s" % (D, F, S), "{'descr': '<f4, %s, %s}" % (F, S), "{%s; %s; %s}" % (D, F, S), "{%s, %s, %s}\0" % (D, F, S), "{%s, %s,\\\n%s}" % (D, F, S)]

rows = []
for header in headers:
    for version in (1, 2, 3) if header == headers[0] else (1,):
        text = (header + "\n").encode("latin1" if version < 3 else "utf8")
        size = struct.pack("<H" if version == 1 else "<I", len(text))
        file = io.BytesIO(b"\x93NUMPY" + bytes([version, 0]) + size + text + bytes(range(48)) * 5)
        try:
            array = npy.read_array(file)
            plain = array.dtype.kind in "?biuf" and array.dtype.itemsize <= 8 and array.dtype != np.uint64
            row = {"dtype": array.dtype.newbyteorder("=").str[1:], "big": array.dtype.str[0] == ">", "shape": array.shape, "size": array.nbytes} if plain else {"other": str(array.dtype)}
        except Exception as error:
            row = {"error": type(error).__name__}
        rows.append({"header": header, "version": version, **row})
print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")
