"""python make_odd_images.py [FOLDER]   (Pillow 13.0.0, numpy; _jpeg_writer.py)

PNG and JPEG files as careless writers leave them: checksums that are missing or wrong, too many or too few rows, chunks and
segments that do not belong there, restarts out of order, every ratio of sampling factors, scans in other orders. With each
the SHA-256 of Pillow's RGB pixels, or that Pillow refuses it. Writes images/odd_images.json; with FOLDER ten times as
many drawings of the random kinds, as files, to be compared by test/vision/odd_images_test.ts with FEWBIT_IMAGES=FOLDER.
"""
import base64, hashlib, io, itertools, json, struct, sys, warnings, zlib
from pathlib import Path
import numpy as np
from PIL import Image
from _jpeg_writer import encode

warnings.simplefilter("ignore")

# PNG

def chunk(k,d,crc=None): return struct.pack(">I",len(d))+k+d+struct.pack(">I",zlib.crc32(k+d) if crc is None else crc)
W,H=9,7
rng=np.random.default_rng(1)
px=rng.integers(0,256,(H,W,3)).astype(np.uint8)
raw=b"".join(b"\0"+px[y].tobytes() for y in range(H))
z=zlib.compress(raw)
SIG=b"\x89PNG\r\n\x1a\n"
def ihdr(w=W,h=H,d=8,c=2,i=0,comp=0,f=0): return chunk(b"IHDR",struct.pack(">IIBBBBB",w,h,d,c,comp,f,i))
END=chunk(b"IEND",b"")
def std(z=z,pre=b"",mid=b"",post=b"",end=END): return SIG+ihdr()+pre+chunk(b"IDAT",z)+mid+end+post
bad=lambda z: z[:-4]+b"\0\0\0\0"
k=len(z)//2
png_cases={
"ok":std(),
"extra row":std(zlib.compress(raw+raw[:28])),
"extra bytes":std(zlib.compress(raw+b"abc")),
"extra 100k":std(zlib.compress(raw+bytes(100000))),
"missing row":std(zlib.compress(raw[:-28])),
"missing byte":std(zlib.compress(raw[:-1])),
"bad adler":std(bad(z)),
"no adler":std(z[:-4]),
"part adler":std(z[:-2]),
"trailing after z":std(z+b"garbage"),
"second z":std(z+z),
"bad idat crc":SIG+ihdr()+chunk(b"IDAT",z,0)+END,
"bad ihdr crc":SIG+struct.pack(">I",13)+b"IHDR"+struct.pack(">IIBBBBB",W,H,8,2,0,0,0)+b"\0\0\0\0"+chunk(b"IDAT",z)+END,
"bad iend crc":SIG+ihdr()+chunk(b"IDAT",z)+chunk(b"IEND",b"",0),
"bad text crc":std(pre=chunk(b"tEXt",b"a\0b",0)),
"no iend":std(end=b""),
"trunc iend":std(end=END[:6]),
"iend with data":std(end=chunk(b"IEND",b"xx")),
"trailing":std(post=b"hello"*100),
"split idat":SIG+ihdr()+b"".join(chunk(b"IDAT",z[i:i+1]) for i in range(len(z)))+END,
"empty idats":SIG+ihdr()+chunk(b"IDAT",b"")+chunk(b"IDAT",z)+chunk(b"IDAT",b"")+END,
"idat text idat":SIG+ihdr()+chunk(b"IDAT",z[:k])+chunk(b"tEXt",b"a\0b")+chunk(b"IDAT",z[k:])+END,
"idat after end of stream":SIG+ihdr()+chunk(b"IDAT",z)+chunk(b"tEXt",b"a\0b")+chunk(b"IDAT",z)+END,
"unknown ancillary":std(pre=chunk(b"abCd",b"12")),
"unknown critical":std(pre=chunk(b"ABCD",b"12")),
"unknown critical after":std(mid=chunk(b"ABCD",b"12")),
"unknown private crit":std(pre=chunk(b"CgBI",b"\0\0\0\0")),
"plte in rgb":std(pre=chunk(b"PLTE",bytes(9))),
"plte bad len rgb":std(pre=chunk(b"PLTE",bytes(10))),
"plte after idat":std(mid=chunk(b"PLTE",bytes(9))),
"chunk lower reserved":std(pre=chunk(b"abcd",b"12")),
"chunk nonletter":std(pre=chunk(b"a1Cd",b"12")),
"two ihdr":SIG+ihdr()+ihdr()+chunk(b"IDAT",z)+END,
"text before ihdr":SIG+chunk(b"tEXt",b"a\0b")+ihdr()+chunk(b"IDAT",z)+END,
"filter5":std(zlib.compress(b"\5"+raw[1:])),
"filter 5 in extra":std(zlib.compress(raw+b"\7"*28)),
"comp 1":SIG+ihdr(comp=1)+chunk(b"IDAT",z)+END,
"filter method 1":SIG+ihdr(f=1)+chunk(b"IDAT",z)+END,
"interlace 2":SIG+ihdr(i=2)+chunk(b"IDAT",z)+END,
"zero width":SIG+ihdr(w=0)+chunk(b"IDAT",z)+END,
"stored":std(zlib.compress(raw,0)),
"zwindow 8 bits":std((lambda c:c.compress(raw)+c.flush())(zlib.compressobj(9,8,-9))),
"raw deflate":std(z[2:-4]),
"bad fcheck":std(bytes([z[0],z[1]^1])+z[2:]),
"fdict":std(bytes([0x78,0xbb])+z[2:]),
"trunc z half":std(z[:k]),
"no idat":SIG+ihdr()+END,
"trns short rgb":std(pre=chunk(b"tRNS",b"\0")),
"gAMA bad":std(pre=chunk(b"gAMA",b"\0")),
"iCCP bad":std(pre=chunk(b"iCCP",b"x\0\0notzlib")),
"iCCP badcomp":std(pre=chunk(b"iCCP",b"x\0\5notzlib")),
"zTXt bad":std(pre=chunk(b"zTXt",b"x\0\0notzlib")),
"zTXt empty":std(pre=chunk(b"zTXt",b"")),
"iTXt bad":std(pre=chunk(b"iTXt",b"x\0\1\0\0\0zz")),
"pHYs short":std(pre=chunk(b"pHYs",b"\0")),
"eXIf bad":std(pre=chunk(b"eXIf",b"xxxx")),
"sRGB empty":std(pre=chunk(b"sRGB",b"")),
"cHRM short":std(pre=chunk(b"cHRM",b"\0\0")),
"acTL":std(pre=chunk(b"acTL",struct.pack(">II",1,0))),
"fcTL":std(pre=chunk(b"fcTL",bytes(26))),
"acTL bad":std(pre=chunk(b"acTL",b"")),
"leading junk": b"x"+std(),
"crlf mangled":std().replace(b"\r\n",b"\n",1),
"len overflow":SIG+ihdr()+struct.pack(">I",0xffffffff)+b"tEXt"+b"abc",
"trunc in text post":SIG+ihdr()+chunk(b"IDAT",z)+chunk(b"tEXt",b"a\0b")[:7],
"text after trunc ok":SIG+ihdr()+chunk(b"IDAT",z)+chunk(b"tEXt",b"a\0b")+b"",
"idat trunc crc":SIG+ihdr()+chunk(b"IDAT",z)[:-4],
"idat trunc 2":SIG+ihdr()+chunk(b"IDAT",z)[:-6],
"idat trunc tail adler":SIG+ihdr()+chunk(b"IDAT",z)[:-8],
}
# palette
pal=rng.integers(0,256,(4,3)).astype(np.uint8)
ix=rng.integers(0,4,(H,W)).astype(np.uint8)
rawp=b"".join(b"\0"+ix[y].tobytes() for y in range(H))
P=lambda plte,raw=rawp,pre=b"",d=8:SIG+ihdr(c=3,d=d)+plte+pre+chunk(b"IDAT",zlib.compress(raw))+END
ix2=ix.copy(); ix2[0,0]=9
png_cases.update({
"pal ok":P(chunk(b"PLTE",pal.tobytes())),
"pal out of range":P(chunk(b"PLTE",pal.tobytes()),b"".join(b"\0"+ix2[y].tobytes() for y in range(H))),
"pal missing":P(b""),
"pal empty":P(chunk(b"PLTE",b"")),
"pal len 10":P(chunk(b"PLTE",pal.tobytes()[:10])),
"pal len 11":P(chunk(b"PLTE",pal.tobytes()[:11])),
"pal 300":P(chunk(b"PLTE",bytes(range(256))*3+bytes(132))),
"pal twice":P(chunk(b"PLTE",bytes(12))+chunk(b"PLTE",pal.tobytes())),
"pal trns long":P(chunk(b"PLTE",pal.tobytes()),pre=chunk(b"tRNS",bytes(300))),
"pal badcrc":P(chunk(b"PLTE",pal.tobytes(),0)),
"pal 1bit 4 colours":SIG+ihdr(c=3,d=1)+chunk(b"PLTE",pal.tobytes())+chunk(b"IDAT",zlib.compress(b"".join(b"\0\xa5\x80" for y in range(H))))+END,
"pal after idat":SIG+ihdr(c=3)+chunk(b"IDAT",zlib.compress(rawp))+chunk(b"PLTE",pal.tobytes())+END,
"grey plte":SIG+ihdr(c=0)+chunk(b"PLTE",pal.tobytes())+chunk(b"IDAT",zlib.compress(rawp))+END,
})

# JPEG

y,x=np.mgrid[0:21,0:27]
a=np.stack([128+100*np.sin(x/3+c)*np.cos(y/5) for c in range(3)],2).clip(0,255).astype(np.uint8)
im=Image.fromarray(a)
def sv(im=im,**k):
    o=io.BytesIO(); im.save(o,"JPEG",**k); return o.getvalue()
def segs(d):
    out=[];at=2
    while True:
        m=d[at+1]; n=struct.unpack(">H",d[at+2:at+4])[0]
        end=at+2+n
        if m==0xda:
            out.append((m,d[at:])); return out
        out.append((m,d[at:end])); at=end
b=sv(quality=90); s=segs(b)
J=lambda parts: b"\xff\xd8"+b"".join(parts)
P=[p for _,p in s]
def ins(i,x): return J(P[:i]+[x]+P[i:])
scan=P[-1]
pr=sv(quality=80,progressive=True)
rs=sv(quality=80,restart_marker_blocks=1,subsampling="4:4:4")
def rm(d,i):
    at=[j for j in range(len(d)-1) if d[j]==0xff and 0xd0<=d[j+1]<=0xd7]
    return at[i]
r0=rm(rs,0)
r3=rm(rs,2)
jpeg_cases={"ok":b,
"stray 1":ins(1,b"\x00"),"stray many":ins(3,b"abc"),"stray ff00":ins(2,b"\xff\x00"),"fill ff":ins(2,b"\xff\xff\xff"),
"stray rst":ins(2,b"\xff\xd0"),"stray tem":ins(2,b"\xff\x01"),"stray soi":ins(2,b"\xff\xd8"),"stray eoi":ins(2,b"\xff\xd9"),
"app len 2":ins(1,b"\xff\xe5\x00\x02"),"app len 1":ins(1,b"\xff\xe5\x00\x01"),"com":ins(2,b"\xff\xfe\x00\x05abc"),
"dnl":ins(len(P)-1,b"\xff\xdc\x00\x04\x00\x15"),"reserved jpg0":ins(2,b"\xff\xf0\x00\x04ab"),"res 02":ins(2,b"\xff\x02\x00\x04ab"),"res c8":ins(2,b"\xff\xc8\x00\x04ab"),"DHP":ins(2,b"\xff\xde\x00\x04ab"),"EXP":ins(2,b"\xff\xdf\x00\x03a"),"DAC":ins(2,b"\xff\xcc\x00\x04\x00\x10"),
"no eoi":b[:-2],"half eoi":b[:-1],"trunc 5":b[:-5],"trunc 40":b[:-40],"trail":b+b"abc"*100,"trail ff":b+b"\xff"*9,"trail jpeg":b+b,
"junk before eoi":b[:-2]+b"abcdef"+b"\xff\xd9","ff before eoi":b[:-2]+b"\xff\xff\xff\xd9","two scans":b[:-2]+scan,"junk scan":b[:-2]+b"\0"*30+b"\xff\xd9",
"rst in nonrst":b[:-12]+b"\xff\xd0"+b[-12:],
"app after scan":b[:-2]+b"\xff\xe5\x00\x04ab\xff\xd9","com after":b[:-2]+b"\xff\xfe\x00\x04ab\xff\xd9",
"rs ok":rs,"rs missing one":rs[:r0]+rs[r0+2:],"rs wrong number":rs[:r0+1]+b"\xd5"+rs[r0+2:],"rs dup":rs[:r0]+rs[r0:r0+2]+rs[r0:],"rs fill":rs[:r0]+b"\xff\xff"+rs[r0:],"rs junk":rs[:r0]+b"ab"+rs[r0:],"rs extra last":rs[:-2]+b"\xff\xd0\xff\xd9","rs extra last right":rs[:-2]+b"\xff"+bytes([0xd0+ (len([j for j in range(len(rs)-1) if rs[j]==0xff and 0xd0<=rs[j+1]<=0xd7])%8)])+b"\xff\xd9","rs one lost":rs[:r0]+rs[r3:],
"prog ok":pr,"prog no eoi":pr[:-2],"prog trunc":pr[:-60],
"jfif 2x":ins(1,P[0]),
"jfif short":J([b"\xff\xe0\x00\x07JFIF\0"]+P[1:]),
"no jfif":J(P[1:]),
"soi ff fill":b"\xff\xd8\xff\xff"+b[2:],
"dqt twice":J(P[:1]+[P[1]]+P[1:]),
"dht unused":ins(2,b"\xff\xc4\x00\x13\x13"+bytes(16)),
"dri 0":ins(2,b"\xff\xdd\x00\x04\x00\x00"),"dri big":ins(2,b"\xff\xdd\x00\x04\xff\xff"),"dri len":ins(2,b"\xff\xdd\x00\x05\x00\x00\x00"),
"height 0":b.replace(b"\xff\xc0\x00\x11\x08\x00\x15",b"\xff\xc0\x00\x11\x08\x00\x00"),
"exif orient":ins(1,b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
"exif bad":ins(1,b"\xff\xe1\x00\x0aExif\0\0zz"),
"adobe 0":ins(1,b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0"),"adobe 0 nojfif":J([b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0"]+P[1:]),"adobe 2 nojfif":J([b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\x02"]+P[1:]),"adobe 9 nojfif":J([b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\x09"]+P[1:]),
"icc bad":ins(1,b"\xff\xe2\x00\x10ICC_PROFILE\0\x01\x02"),
"mpo":ins(1,b"\xff\xe2\x00\x0eMPF\0II*\0\x08\0\0\0"),
"arith":b.replace(b"\xff\xc0",b"\xff\xc9",1),"12bit":b.replace(b"\xff\xc0\x00\x11\x08",b"\xff\xc0\x00\x11\x0c",1),"ext seq":b.replace(b"\xff\xc0",b"\xff\xc1",1),"lossless":b.replace(b"\xff\xc0",b"\xff\xc3",1),
"ss wrong":b.replace(b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00",b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x00\x00"),
"only soi eoi":b"\xff\xd8\xff\xd9","leading junk":b"x"+b,
}

# JPEG with every sampling factor, order of scans, kind of colours

FACTORS = list(itertools.product((1, 2, 3, 4), (1, 2, 3, 4)))
SCANS = (None, [[0], [1], [2]], [[0], [1, 2]], [[2], [0], [1]])


def drawn(rng, per_factor):
    cases = {}
    size = lambda: (int(rng.integers(1, 40)), int(rng.integers(1, 40)))
    for a in FACTORS:
        cases[f"grey {a}"] = encode(rng, *size(), [a], restart=int(rng.choice([0, 2])))
        for b in [FACTORS[i] for i in rng.permutation(16)[:per_factor]]:
            if a[0] * a[1] + 2 * b[0] * b[1] > 10:
                continue
            options = dict(scans=SCANS[int(rng.integers(4))], restart=int(rng.choice([0, 0, 1, 3])), wide=bool(rng.random() < 0.3), jfif=bool(rng.random() < 0.5))
            cases[f"factors {a} {b} {options['scans']} {len(cases)}"] = encode(rng, *size(), [a, b, b], **options)
    for adobe in (None, 0, 1, 2):
        for factors in ([(1, 1)] * 4, [(2, 2), (1, 1), (1, 1), (2, 2)]):
            cases[f"inks {factors} Adobe {adobe}"] = encode(rng, 13, 11, factors, adobe=adobe)
        for ids in ([1, 2, 3], [0, 1, 2], [82, 71, 66]):
            cases[f"colours {ids} Adobe {adobe}"] = encode(rng, 9, 11, [(1, 1)] * 3, adobe=adobe, ids=ids)
    picture = im
    for progressive, sampling, blocks in itertools.product((False, True), ("4:4:4", "4:2:2", "4:2:0"), (1, 5, 7)):
        cases[f"restart every {blocks} {sampling} {progressive}"] = sv(picture, quality=int(rng.integers(10, 99)), progressive=progressive, subsampling=sampling, restart_marker_blocks=blocks)
    return cases


def row(name, data):
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        return {"name": name, "sha256": hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()}
    except Exception as error:
        return {"name": name, "error": type(error).__name__}


if __name__ == "__main__":
    many = len(sys.argv) > 1
    cases = {f"PNG {name}": data for name, data in png_cases.items()}
    cases |= {f"JPEG {name}": data for name, data in jpeg_cases.items()}
    for i in range(10 if many else 1):
        cases |= {f"JPEG {name} {i}": data for name, data in drawn(np.random.default_rng(i), 16 if many else 5).items()}
    rows = [{**row(name, data), "base64": base64.b64encode(data).decode()} for name, data in cases.items()]
    path = Path(sys.argv[1]) / "odd_images.json" if many else Path(__file__).parent / "images/odd_images.json"
    path.write_text("[\n" + ",\n".join(json.dumps(each) for each in rows) + "\n]\n")
